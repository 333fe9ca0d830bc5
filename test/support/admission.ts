/** What stands between a write and the API server's store, for the Services of one namespace. */
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { ClusterApi } from '../../sandbox/cluster-api.ts';
import { eventually } from '../../testing/eventually.ts';
import { accessOf } from './sandbox.ts';
import type { ToyStage } from './toy-stage.ts';

const GROUP = 'admissionregistration.k8s.io';

export type Operation = 'CREATE' | 'DELETE';

function matching({ namespace }: ToyStage): object {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
}

function services(operation: Operation): object {
  return { apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: [operation] };
}

/** Resolves when the API server asks before it takes such a write, and is told no. */
async function inForce(stage: ToyStage, name: string, operation: Operation): Promise<void> {
  const api = new ClusterApi(accessOf(stage.sandbox));
  const path = `/api/v1/namespaces/${stage.namespace}/services`;
  const body = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }] } };
  try {
    await eventually(`writes of Service ${name} are refused`, async () => {
      const trial =
        operation === 'CREATE'
          ? ({ method: 'POST', path: `${path}?dryRun=All`, body } as const)
          : ({ method: 'DELETE', path: `${path}/${name}?dryRun=All` } as const);
      return /denied|failed calling webhook/.test(JSON.stringify((await api.call(trial)).body));
    });
  } finally {
    await api.close();
  }
}

/** A ValidatingAdmissionPolicy that takes no such write of the Service of this name. Answers with how it is lifted. */
export async function refuseByPolicy(
  stage: ToyStage,
  name: string,
  operation: Operation,
  message: string,
): Promise<() => Promise<unknown>> {
  const metadata = { name: `${stage.namespace}-${name}` };
  const subject = operation === 'DELETE' ? 'oldObject' : 'object';
  await stage.api.create({
    apiVersion: `${GROUP}/v1`,
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: {
      matchConstraints: { resourceRules: [services(operation)] },
      validations: [{ expression: `${subject}.metadata.name != '${name}'`, message }],
    },
  });
  const binding = await stage.api.create({
    apiVersion: `${GROUP}/v1`,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: metadata.name, validationActions: ['Deny'], matchResources: matching(stage) },
  });
  await inForce(stage, name, operation);
  const { kind } = binding;
  return () =>
    stage.api.remove({ group: GROUP, kind, name: metadata.name }, { uid: binding.metadata.uid ?? '' });
}

interface Review {
  readonly request: { readonly uid: string; readonly name: string };
}

/** A validating webhook for the Services of the stage, served by this process, that can refuse and that can be away. */
export class Webhook implements AsyncDisposable {
  readonly #stage: ToyStage;
  readonly #server: Server;
  /** Names of Services that it refuses, and why. */
  readonly refused = new Map<string, string>();
  #registered: string | undefined;

  private constructor(stage: ToyStage, server: Server) {
    this.#stage = stage;
    this.#server = server;
  }

  /** With the certificate that the API server of the sandbox made for itself: it is of this machine, too. */
  static async serve(stage: ToyStage): Promise<Webhook> {
    const file = (name: string): Promise<Buffer> =>
      readFile(join(stage.sandbox.directory, 'certificates', name));
    const [cert, key] = await Promise.all([file('apiserver.crt'), file('apiserver.key')]);
    const webhook = new Webhook(
      stage,
      createServer({ cert, key }, (request, response) => {
        const answer = async (): Promise<void> => {
          const { request: asked } = (await json(request)) as Review;
          const why = webhook.refused.get(asked.name);
          const verdict = why === undefined ? {} : { status: { message: why } };
          response.setHeader('content-type', 'application/json');
          response.end(
            JSON.stringify({
              apiVersion: 'admission.k8s.io/v1',
              kind: 'AdmissionReview',
              response: { uid: asked.uid, allowed: why === undefined, ...verdict },
            }),
          );
        };
        answer().catch((error: unknown) => response.destroy(error as Error));
      }),
    );
    await webhook.#listen(0);
    await webhook.#register(cert);
    return webhook;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async #register(ca: Buffer): Promise<void> {
    const name = `${this.#stage.namespace}.toy.dev`;
    const { metadata } = await this.#stage.api.create({
      apiVersion: `${GROUP}/v1`,
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name,
          clientConfig: { url: `https://127.0.0.1:${this.#port}/`, caBundle: ca.toString('base64') },
          rules: [services('CREATE')],
          failurePolicy: 'Fail',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          timeoutSeconds: 2,
          ...matching(this.#stage),
        },
      ],
    });
    this.#registered = metadata.uid;
    this.refused.set('probe', 'a trial');
    await inForce(this.#stage, 'probe', 'CREATE');
  }

  /** Nobody listens any more. Answers with how it comes back. */
  async away(): Promise<() => Promise<void>> {
    const port = this.#port;
    await this.#close();
    return () => this.#listen(port);
  }

  async #close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ref = {
      group: GROUP,
      kind: 'ValidatingWebhookConfiguration',
      name: `${this.#stage.namespace}.toy.dev`,
    };
    await this.#stage.api.remove(ref, { uid: this.#registered ?? '' });
    await this.#close();
  }
}
