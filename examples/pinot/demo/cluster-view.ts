import type { Cluster } from 'durable-operator/testing';

/** What the demonstration shows of a Pinot and its objects, read from the API server and nowhere else. */
export interface ClusterView {
  readonly name: string;
  readonly generation: number;
  readonly status: PinotStatus;
  readonly nodes: readonly NodeView[];
}

export interface PinotStatus {
  readonly observedGeneration?: number;
  readonly ready?: string;
  readonly stage?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly rollout?: {
    readonly generation: number;
    readonly finishedAt?: string;
    readonly seconds?: number;
    readonly stages: readonly StageView[];
  };
}

export interface StageView {
  readonly name: string;
  readonly state: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly seconds?: number;
}

/** A workload with the objects that are named after it. */
export interface NodeView {
  readonly kind: string;
  readonly name: string;
  readonly nodeType: string;
  readonly replicas: number;
  readonly ready: number;
  readonly objects: readonly string[];
}

type Manifest = Awaited<ReturnType<Cluster['create']>>;

interface Workload {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
}

export const PINOT = { group: 'datainfra.io', kind: 'Pinot', namespace: 'default' } as const;

const WORKLOADS = [
  { group: 'apps', kind: 'StatefulSet' },
  { group: 'apps', kind: 'Deployment' },
] as const;
const OTHERS = [
  { group: '', kind: 'ConfigMap' },
  { group: '', kind: 'Service' },
  { group: '', kind: 'PersistentVolumeClaim' },
] as const;

/** Undefined while there is no such Pinot. */
export async function viewOf(
  cluster: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<ClusterView | undefined> {
  const selection = {
    namespace: PINOT.namespace,
    labelSelector: `app.kubernetes.io/instance=${name}`,
    signal,
  };
  const [resource, workloads, others] = await Promise.all([
    cluster.get({ ...PINOT, name }, { signal }),
    Promise.all(WORKLOADS.map((kind) => cluster.list(kind, selection))),
    Promise.all(
      OTHERS.map(async ({ kind, ...group }) =>
        (await cluster.list({ kind, ...group }, { ...selection, metadataOnly: true })).items.map(
          ({ metadata }) => `${kind} ${metadata.name}`,
        ),
      ),
    ),
  ]);
  if (!resource) return undefined;
  const nodes = workloads.flatMap(({ items }, index) =>
    items.map((item): NodeView => {
      const { metadata } = item;
      const { spec, status } = item as Manifest & Workload;
      return {
        kind: WORKLOADS[index]?.kind ?? '',
        name: metadata.name,
        nodeType: metadata.labels?.['app.kubernetes.io/component'] ?? '',
        replicas: spec?.replicas ?? 0,
        ready: status?.readyReplicas ?? 0,
        objects: others.flat().filter((object) => isNamedAfter(object, metadata.name)),
      };
    }),
  );
  const { status = {} } = resource as Manifest & { readonly status?: PinotStatus };
  return { name, generation: resource.metadata.generation ?? 0, status, nodes };
}

/** `Service pinot-broker`, `ConfigMap pinot-broker-config` and the claim `data-pinot-broker-0` are of `pinot-broker`. */
function isNamedAfter(object: string, workload: string): boolean {
  const name = `-${object.split(' ')[1]}-`;
  return name.includes(`-${workload}-`);
}

export function conditionOf(
  { status }: ClusterView,
  type: string,
): NonNullable<PinotStatus['conditions']>[number] | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

/** Whether everything the newest spec asks for is there and runs. */
export function isSettled(view: ClusterView): boolean {
  const { rollout, observedGeneration } = view.status;
  return (
    observedGeneration === view.generation &&
    rollout?.generation === view.generation &&
    rollout.finishedAt !== undefined &&
    conditionOf(view, 'Ready')?.status === 'True'
  );
}
