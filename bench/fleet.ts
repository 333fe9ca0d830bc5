import type { Manifest } from '../core/manifest.ts';
import { readMany, readText } from '../core/health/read.ts';
import type { ResourceRef } from '../core/refs.ts';
import type { JsonPatchOperation, KubernetesApi } from '../kubernetes/api.ts';
import { inParallel } from './in-parallel.ts';
import type { Workload } from './workloads.ts';

export const NAMESPACE = 'bench';
export const EDITED_IMAGE = 'edited:by-hand';
/** As many as a busy pipeline would send at once. */
const WRITERS = 8;

/** The resources of one measurement, and what a user does to them. */
export class Fleet {
  readonly names: readonly string[];
  readonly #api: KubernetesApi;
  readonly #template: Manifest;
  readonly #namespace: string;
  #edition = 0;

  /** @param names of the resources */
  constructor(
    api: KubernetesApi,
    template: Manifest,
    names: readonly string[],
    namespace: string = NAMESPACE,
  ) {
    this.#namespace = namespace;
    this.#api = api;
    this.#template = template;
    this.names = names;
  }

  /** The names of the nodes, in the order of their rollout. */
  get nodes(): readonly string[] {
    const nodes = readMany(this.#template['spec'], 'nodes');
    return readMany(this.#template['spec'], 'deploymentOrder').flatMap((role) =>
      nodes.filter((node) => readText(node, 'nodeType') === role).map((node) => readText(node, 'name')),
    );
  }

  refOf(name: string): ResourceRef {
    const pinot = { group: 'datainfra.io', version: 'v1beta1', kind: 'Pinot', plural: 'pinots' };
    return { ...pinot, namespace: this.#namespace, name };
  }

  install(): Promise<void> {
    return this.#forEach(async (name) => {
      await this.#api.create({ ...this.#template, metadata: { name, namespace: this.#namespace } });
    });
  }

  /** Sends every resource again as it is. */
  applyAgain(): Promise<void> {
    return this.#forEach(async (name) => {
      const spec = { op: 'replace' as const, path: '/spec', value: this.#editedSpec() };
      await this.#api.patch(this.refOf(name), [spec]);
    });
  }

  /** Changes the configuration of every node. */
  changeConfig(): Promise<void> {
    this.#edition++;
    return this.applyAgain();
  }

  /** Edits the image of each of these workloads, as somebody with kubectl does. */
  editByHand(workloads: readonly Workload[]): Promise<void> {
    const edit: JsonPatchOperation = {
      op: 'replace',
      path: '/spec/template/spec/containers/0/image',
      value: EDITED_IMAGE,
    };
    return inParallel(workloads, WRITERS, async ({ name }) => {
      await this.#api.patch({ group: 'apps', kind: 'StatefulSet', namespace: this.#namespace, name }, [edit]);
    });
  }

  delete(): Promise<void> {
    return this.#forEach(async (name) => {
      const ref = this.refOf(name);
      const live = await this.#api.get(ref);
      if (live?.metadata.uid) await this.#api.remove(ref, { uid: live.metadata.uid });
    });
  }

  #editedSpec(): object {
    const spec = { ...(this.#template['spec'] as object) };
    const configs = readMany(spec, 'pinotNodeConfig').map((each) => ({
      ...(each as object),
      data: `${readText(each, 'data')}${this.#edition > 0 ? `# edition ${this.#edition}\n` : ''}`,
    }));
    return { ...spec, pinotNodeConfig: configs };
  }

  #forEach(work: (name: string) => Promise<void>): Promise<void> {
    return inParallel(this.names, WRITERS, work);
  }
}
