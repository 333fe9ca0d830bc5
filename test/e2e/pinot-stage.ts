/** The Pinot example as its user runs it: the CRD, the program, the samples. One at a time, for its operator has one name. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { Manifest } from '../../core/manifest.ts';
import type { ObjectRef } from '../../core/refs.ts';
import type { ResourceStatus } from '../../core/status/resource-status.ts';
import type { PinotSpec } from '../../examples/pinot/pinot.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createKubernetesApi } from '../../kubernetes/client.ts';
import { loadKubeConfig } from '../../kubernetes/kube-config.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { assertConditionLaws } from '../../testing/condition-laws.ts';
import { eventually } from '../../testing/eventually.ts';
import { freshNamespace, sharedSandbox } from '../support/sandbox.ts';
import { Program, ROOT } from './program.ts';

export type Pinot = Manifest & { readonly spec: PinotSpec; readonly status?: ResourceStatus };
export type Condition = ResourceStatus['conditions'][number];

const EXAMPLE = path.join(ROOT, 'examples/pinot');
const PATIENCE = { timeoutMs: 40_000 };

export interface Place {
  readonly sandbox: Sandbox;
  readonly namespace: string;
}

export class PinotStage implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly api: KubernetesClient;
  readonly namespace: string;
  #program: Program | undefined;

  private constructor(sandbox: Sandbox, api: KubernetesClient, namespace: string) {
    this.sandbox = sandbox;
    this.api = api;
    this.namespace = namespace;
  }

  /** On the shared sandbox in a namespace of its own, or where it is told to. */
  static async open(place?: Place): Promise<PinotStage> {
    const sandbox = place?.sandbox ?? (await sharedSandbox());
    const api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    const stage = new PinotStage(sandbox, api, place?.namespace ?? (await freshNamespace(sandbox, 'pinot')));
    await stage.#install();
    await stage.start();
    return stage;
  }

  async #install(): Promise<void> {
    const crd = parse(await readFile(path.join(EXAMPLE, 'crd.yaml'), 'utf8')) as Manifest;
    const { object } = await this.api.apply(crd, { fieldManager: 'kubectl' });
    await eventually(`${object.metadata.name} is served`, () =>
      this.api.list({ group: 'datainfra.io', kind: 'Pinot' }, { namespace: this.namespace }),
    );
  }

  /** Runs the program and waits until it is at work. */
  async start(): Promise<void> {
    const { kubeconfig, temporal } = this.sandbox;
    const servers = ['--kubeconfig', kubeconfig, '--temporal-address', temporal.address];
    const operator = path.join(EXAMPLE, 'operator.ts');
    const program = Program.start('run', operator, ...servers, '--allow-namespace', this.namespace);
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

  async sample(file: string): Promise<Pinot> {
    return parse(await readFile(path.join(EXAMPLE, 'samples', file), 'utf8')) as Pinot;
  }

  /** Creates the resource, or changes it; as kubectl does. */
  async want(pinot: Pinot): Promise<void> {
    const { apiVersion, kind, metadata, spec } = pinot;
    const { name } = metadata;
    const manifest = { apiVersion, kind, metadata: { name, namespace: this.namespace }, spec };
    await this.api.apply(manifest, { fieldManager: 'kubectl' });
  }

  ref(kind: string, name: string, group = ''): ObjectRef {
    return { group, kind, namespace: this.namespace, name };
  }

  /** The resource, once its status says so at its newest generation. */
  async until(name: string, what: string, holds: (status: ResourceStatus) => boolean): Promise<Pinot> {
    let last: Pinot | undefined;
    const look = async (): Promise<Pinot | undefined> => {
      last = (await this.api.get(this.ref('Pinot', name, 'datainfra.io'))) as Pinot | undefined;
      const { status, metadata } = last ?? {};
      if (!last || !status || status.observedGeneration !== metadata?.generation) return undefined;
      assertConditionLaws(last);
      return holds(status) ? last : undefined;
    };
    return eventually(what, look, PATIENCE).catch((error: unknown) => {
      throw new Error(`${name}: ${what}; its status is ${JSON.stringify(last?.status, null, 1)}`, {
        cause: error,
      });
    });
  }

  ready(name: string): Promise<Pinot> {
    return this.until(name, 'is Ready', (status) => conditionOf(status, 'Ready')?.status === 'True');
  }
}

export function conditionOf(status: ResourceStatus | undefined, type: string): Condition | undefined {
  return status?.conditions.find((condition) => condition.type === type);
}

/** The same whose pods take so long until they are ready, so that an order can be seen. */
export function slow(pinot: Pinot, ms: number): Pinot {
  const { spec } = pinot;
  const k8sConfig = spec.k8sConfig.map((each) => ({ ...each, image: `${each.image}-slow-${ms}` }));
  return { ...pinot, spec: { ...spec, k8sConfig } };
}

/** The same with one more line in every configuration. */
export function configured(pinot: Pinot, line: string): Pinot {
  const { spec } = pinot;
  const pinotNodeConfig = spec.pinotNodeConfig.map((each) => ({ ...each, data: `${each.data}${line}\n` }));
  return { ...pinot, spec: { ...spec, pinotNodeConfig } };
}
