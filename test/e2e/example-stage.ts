/**
 * An example as its user runs it: the CRD, the program, the samples. Each stage has a namespace of Temporal of its own, of the
 * name of that of Kubernetes: what one stage kills nobody else takes over.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { Manifest } from '../../core/manifest.ts';
import type { ObjectRef } from '../../core/refs.ts';
import type { ResourceStatus } from '../../core/status/resource-status.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createKubernetesApi } from '../../kubernetes/client.ts';
import { loadKubeConfig } from '../../kubernetes/kube-config.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { assertConditionLaws } from '../../testing/condition-laws.ts';
import { DEFAULT_PATIENCE_MS, eventually } from '../../testing/eventually.ts';
import { freshNamespace, sharedSandbox } from '../support/sandbox.ts';
import { createTemporalNamespace } from '../support/temporal-namespace.ts';
import { Program, ROOT } from './program.ts';

export type Condition = ResourceStatus['conditions'][number];

export interface Example {
  /** Its folder under `examples`. */
  readonly folder: string;
  /** @defaultValue `operator.ts` */
  readonly module?: string;
  /** @defaultValue `crd.yaml` alone */
  readonly schemas?: readonly string[];
  readonly group: string;
  readonly kind: string;
}

export type Resource = Manifest & { readonly spec: unknown; readonly status?: ResourceStatus };

type Schema = Manifest & { readonly spec: { readonly names: { readonly kind: string } } };

export interface Place {
  readonly sandbox?: Sandbox;
  /** One that is there. */
  readonly namespace?: string;
}

export class ExampleStage<R extends Resource> implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly api: KubernetesClient;
  readonly namespace: string;
  readonly #example: Example;
  readonly #folder: string;
  #program: Program | undefined;

  private constructor(example: Example, sandbox: Sandbox, namespace: string) {
    this.sandbox = sandbox;
    this.namespace = namespace;
    this.api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    this.#example = example;
    this.#folder = path.join(ROOT, 'examples', example.folder);
  }

  /** On the shared sandbox and in a namespace of its own, unless told otherwise. */
  static async open<R extends Resource>(example: Example, place: Place = {}): Promise<ExampleStage<R>> {
    const sandbox = place.sandbox ?? (await sharedSandbox());
    const namespace = place.namespace ?? (await freshNamespace(sandbox, example.folder));
    await createTemporalNamespace(sandbox.temporal.address, namespace);
    const stage = new ExampleStage<R>(example, sandbox, namespace);
    await stage.#install();
    await stage.start();
    return stage;
  }

  async #install(): Promise<void> {
    const { schemas = ['crd.yaml'], group } = this.#example;
    const texts = await Promise.all(schemas.map((file) => readFile(path.join(this.#folder, file), 'utf8')));
    for (const document of texts.flatMap((text) => [...parseAllDocuments(text)])) {
      const crd = document.toJS() as Schema;
      await this.api.apply(crd, { fieldManager: 'kubectl' });
      const { kind } = crd.spec.names;
      await eventually(`${kind} is served`, () =>
        this.api.list({ group, kind }, { namespace: this.namespace }),
      );
    }
  }

  /** Runs the program and waits until it is at work. */
  async start(): Promise<void> {
    const { kubeconfig, temporal } = this.sandbox;
    const program = Program.start(
      ...['run', path.join(this.#folder, this.#example.module ?? 'operator.ts')],
      ...['--kubeconfig', kubeconfig, '--allow-namespace', this.namespace],
      ...['--temporal-address', temporal.address, '--temporal-namespace', this.namespace],
    );
    this.#program = program;
    await program.logged('operator started');
  }

  /** As the kernel does to a process that took too much memory. */
  async kill(): Promise<void> {
    await this.#program?.end('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    await this.api.close();
  }

  async sample<Kind extends Resource = R>(file: string): Promise<Kind> {
    return parse(await readFile(path.join(this.#folder, 'samples', file), 'utf8')) as Kind;
  }

  /** Creates the resource, or changes it; as kubectl does. */
  async want({ apiVersion, kind, metadata, spec }: Resource): Promise<void> {
    const { name, annotations = {} } = metadata;
    const manifest = { apiVersion, kind, metadata: { name, namespace: this.namespace, annotations }, spec };
    await this.api.apply(manifest, { fieldManager: 'kubectl' });
  }

  ref(kind: string, name: string, group = ''): ObjectRef {
    return { group, kind, namespace: this.namespace, name };
  }

  /** The resource, once its status says so at its newest generation. */
  async until(
    name: string,
    what: string,
    holds: (status: ResourceStatus) => boolean,
    {
      kind = this.#example.kind,
      timeoutMs = DEFAULT_PATIENCE_MS,
    }: { kind?: string; timeoutMs?: number } = {},
  ): Promise<R> {
    let last: R | undefined;
    const look = async (): Promise<R | undefined> => {
      last = (await this.api.get(this.ref(kind, name, this.#example.group))) as R | undefined;
      const { status, metadata } = last ?? {};
      if (!last || !status || status.observedGeneration !== metadata?.generation) return undefined;
      assertConditionLaws(last);
      return holds(status) ? last : undefined;
    };
    return eventually(what, look, { timeoutMs }).catch((error: unknown) => {
      throw new Error(`${kind} ${name}: ${what}; its status is ${JSON.stringify(last?.status, null, 1)}`, {
        cause: error,
      });
    });
  }

  ready(name: string): Promise<R> {
    return this.until(name, 'is Ready', (status) => conditionOf(status, 'Ready')?.status === 'True');
  }
}

export function conditionOf(status: ResourceStatus | undefined, type: string): Condition | undefined {
  return status?.conditions.find((condition) => condition.type === type);
}
