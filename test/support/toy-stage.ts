/** A toy operator at work on real servers, in a namespace of its own; what the tests of the engine play on. */
import type { Client } from '@temporalio/client';
import type { Operator } from '../../index.ts';
import { divisionOf } from '../../bridge/division.ts';
import { COMMANDS } from '../../core/labels.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { ObjectRef } from '../../core/refs.ts';
import type { ResourceStatus } from '../../core/status/resource-status.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createKubernetesApi } from '../../kubernetes/client.ts';
import { loadKubeConfig } from '../../kubernetes/kube-config.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { assertConditionLaws } from '../../testing/condition-laws.ts';
import { eventually } from '../../testing/eventually.ts';
import type { Running } from '../../worker/index.ts';
import { openTemporal, startOperators } from '../../worker/index.ts';
import type { RunOptions } from '../../worker/index.ts';
import { freshNamespace, sharedSandbox } from './sandbox.ts';
import { installToyKind } from './toy-crd.ts';
import type { ToySpec } from './toy-operator.ts';
import { toyOperator } from './toy-operator.ts';

export type ToyResource = Manifest & { readonly spec: ToySpec; readonly status?: ResourceStatus };

/** For what others do in their own time: a refused write is tried again after 10 s, then after 20 s; collectors sweep by and by. */

export class ToyStage implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly api: KubernetesClient;
  readonly namespace: string;
  readonly operator: Operator<ToySpec>;
  #running: Running | undefined;

  private constructor(
    sandbox: Sandbox,
    api: KubernetesClient,
    namespace: string,
    operator: Operator<ToySpec>,
  ) {
    this.sandbox = sandbox;
    this.api = api;
    this.namespace = namespace;
    this.operator = operator;
  }

  /** With its own operator name, so that stages of several test files share servers and nothing else. */
  static async open(
    make: (name: string) => Operator<ToySpec> = (name) => toyOperator({ name }),
  ): Promise<ToyStage> {
    const sandbox = await sharedSandbox();
    const api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    const namespace = await freshNamespace(sandbox, 'toy');
    const operator = make(`op-${namespace}`);
    await installToyKind(api, operator.resource.kind);
    const stage = new ToyStage(sandbox, api, namespace, operator);
    await stage.start();
    return stage;
  }

  async start(options: RunOptions = {}): Promise<Running> {
    this.#running = await this.replica(options);
    return this.#running;
  }

  /** One more program for the same resources; whoever asks for it stops it. */
  replica(options: RunOptions = {}): Promise<Running> {
    return startOperators(this.operator, {
      kubeconfig: this.sandbox.kubeconfig,
      temporalAddress: this.sandbox.temporal.address,
      allowedNamespaces: [this.namespace],
      logLevel: 'silent',
      ...options,
    });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.api.close();
  }

  ref(kind: string, name: string, group = ''): ObjectRef {
    return { group, kind, namespace: this.namespace, name };
  }

  /** The versions of a ConfigMap, found as a person would find them; oldest first. */
  async versionsOf(plain: string): Promise<readonly Manifest[]> {
    const labelSelector = `durable-operator.dev/version-of=${plain}`;
    const { items } = await this.api.list(
      { group: '', kind: 'ConfigMap' },
      { namespace: this.namespace, labelSelector },
    );
    const age = ({ metadata }: Manifest): number => Date.parse(metadata.creationTimestamp ?? '');
    return items.toSorted((one, other) => age(one) - age(other));
  }

  /** The only version of a ConfigMap. */
  async versionOf(plain: string): Promise<Manifest> {
    const [version, ...others] = await this.versionsOf(plain);
    if (!version || others.length > 0)
      throw new Error(`${others.length + (version ? 1 : 0)} versions of ${plain}`);
    return version;
  }

  /** Creates the resource, or changes its spec; as kubectl does. */
  async want(spec: ToySpec, name = 't1'): Promise<ToyResource> {
    const manifest = {
      apiVersion: 'toy.dev/v1',
      kind: this.operator.resource.kind,
      metadata: { name, namespace: this.namespace },
      spec,
    };
    const { object } = await this.api.apply(manifest, { fieldManager: 'kubectl' });
    return object as ToyResource;
  }

  /** Asks that what is waited for be tried at once, as a person does; another token each time. */
  async retry(name: string, token: string): Promise<void> {
    const metadata = { name, namespace: this.namespace, annotations: { [COMMANDS.retry]: token } };
    const { kind } = this.operator.resource;
    await this.api.apply({ apiVersion: 'toy.dev/v1', kind, metadata }, { fieldManager: 'somebody' });
  }

  async resource(name = 't1'): Promise<ToyResource | undefined> {
    return (await this.api.get(this.ref(this.operator.resource.kind, name, 'toy.dev'))) as
      ToyResource | undefined;
  }

  /** The resource, once its status says so at its newest generation. Its conditions obey the laws then. */
  async until(what: string, holds: (status: ResourceStatus) => boolean, name = 't1'): Promise<ToyResource> {
    let last: ToyResource | undefined;
    try {
      const look = async (): Promise<ToyResource | undefined> => {
        last = await this.resource(name);
        const { status, metadata } = last ?? {};
        if (!last || !status || status.observedGeneration !== metadata?.generation) return undefined;
        assertConditionLaws(last);
        return holds(status) ? last : undefined;
      };
      return await eventually(what, look);
    } catch (error) {
      throw new Error(`${what}; the status is ${JSON.stringify(last?.status, null, 1)}`, { cause: error });
    }
  }

  ready(name = 't1'): Promise<ToyResource> {
    const isReady = (status: ResourceStatus): boolean => conditionOf(status, 'Ready')?.status === 'True';
    return this.until(`${name} is Ready`, isReady, name);
  }

  stalled(reason: string, name = 't1'): Promise<ToyResource> {
    return this.until(
      `${name} is Stalled with ${reason}`,
      (status) => conditionOf(status, 'Stalled')?.reason === reason,
      name,
    );
  }

  workflowId(name = 't1'): string {
    return `${this.operator.resource.plural}.toy.dev/${this.namespace}/${name}`;
  }

  /** That of a program for the stage's namespace alone. */
  get taskQueue(): string {
    return divisionOf(this.operator.name, { allowed: [this.namespace] });
  }

  /** Gives a client of the stage's Temporal to `use`, and closes it. */
  async temporal<Result>(use: (client: Client) => Promise<Result>): Promise<Result> {
    const { client, close } = await openTemporal({ temporalAddress: this.sandbox.temporal.address });
    try {
      return await use(client);
    } finally {
      await close();
    }
  }

  /**
   * Events of the workflow's history, once it rests: a status is written in the middle of a workflow task, which is recorded
   * only after somebody has read that status.
   */
  historyLength(name?: string): Promise<number> {
    return this.temporal((client) =>
      eventually('the workflow rests', async () => {
        const { historyLength, raw } = await client.workflow.getHandle(this.workflowId(name)).describe();
        const isBusy = raw.pendingWorkflowTask != null || (raw.pendingActivities ?? []).length > 0;
        return isBusy ? undefined : historyLength;
      }),
    );
  }

  async events(): Promise<
    readonly { reason: string; note: string; type: string; regarding: { name: string } }[]
  > {
    const { items } = await this.api.list(
      { group: 'events.k8s.io', kind: 'Event' },
      { namespace: this.namespace },
    );
    return items
      .filter((event) => event['reportingController'] === this.operator.name)
      .map(
        (event) =>
          event as unknown as { reason: string; note: string; type: string; regarding: { name: string } },
      );
  }
}

export function conditionOf(
  status: ResourceStatus | undefined,
  type: string,
): ResourceStatus['conditions'][number] | undefined {
  return status?.conditions.find((condition) => condition.type === type);
}
