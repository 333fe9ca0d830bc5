/** What the tests of storage look at, of one namespace. */
import { readText } from '../../core/health/read.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { ToySpec } from './toy-operator.ts';
import type { ToyStage } from './toy-stage.ts';

/** One workload, `b`, of two pods with one claim each. */
export function sized(storage: string, over: Partial<ToySpec['nodes'][number]> = {}): ToySpec {
  return {
    order: ['broker'],
    nodes: [{ name: 'b', role: 'broker', config: '1', replicas: 2, storage, ...over }],
  };
}

export class StorageView {
  readonly #stage: ToyStage;

  constructor(stage: ToyStage) {
    this.#stage = stage;
  }

  async list(kind: string, resource: string): Promise<readonly Manifest[]> {
    const { items } = await this.#stage.api.list(
      { group: '', kind },
      { namespace: this.#stage.namespace, labelSelector: `app.kubernetes.io/instance=${resource}` },
    );
    return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  /** `<name> <uid>` of each pod. */
  async pods(resource: string): Promise<readonly string[]> {
    return (await this.list('Pod', resource)).map(({ metadata }) => `${metadata.name} ${metadata.uid}`);
  }

  /** `<name> <capacity>` of each claim. */
  async sizes(resource: string): Promise<readonly string[]> {
    const claims = await this.list('PersistentVolumeClaim', resource);
    return claims.map(
      (claim) => `${claim.metadata.name} ${readText(claim, 'status', 'capacity', 'storage')}`,
    );
  }

  async uidsOfClaims(resource: string): Promise<readonly (string | undefined)[]> {
    return (await this.list('PersistentVolumeClaim', resource)).map(({ metadata }) => metadata.uid);
  }

  statefulSet(name: string): Promise<Manifest | undefined> {
    return this.#stage.api.get(this.#stage.ref('StatefulSet', name, 'apps'));
  }

  /** A StorageClass of the sandbox's provisioner; its name. */
  async storageClass(
    suffix: string,
    over: { readonly allowVolumeExpansion?: boolean; readonly parameters?: Readonly<Record<string, string>> },
  ): Promise<string> {
    const name = `${this.#stage.namespace}-${suffix}`;
    await this.#stage.api.apply(
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name },
        provisioner: 'sandbox.durable-operator.dev/storage',
        ...over,
      },
      { fieldManager: 'tests' },
    );
    return name;
  }
}
