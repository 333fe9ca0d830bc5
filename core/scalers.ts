/** Who decides about the replicas of a workload in the place of its operator. */
import { ANNOTATIONS } from './labels.ts';
import type { Manifest } from './manifest.ts';
import type { KindRef, ObjectKey, ObjectRef } from './refs.ts';
import { groupOf, kindName } from './refs.ts';
import { isScalable } from './plan/categories.ts';
import { ownsReplicas, replicasOf, replicasSetBy } from './replicas.ts';

/** Kinds that scale what their `spec.scaleTargetRef` names. */
export const SCALER_KINDS: readonly KindRef[] = [
  { group: 'autoscaling', kind: 'HorizontalPodAutoscaler' },
  { group: 'keda.sh', kind: 'ScaledObject' },
];

const SCALER_KIND_NAMES: ReadonlySet<string> = new Set(SCALER_KINDS.map(kindName));

/** Whether an object of the inventory scales another one. */
export function isScaler(key: ObjectKey): boolean {
  return SCALER_KIND_NAMES.has(key.slice(0, key.indexOf('/')));
}

/** An autoscaler, and what it scales. */
export interface Scaler {
  /** For people: `HorizontalPodAutoscaler web`. */
  readonly title: string;
  readonly target: ObjectRef;
}

/** Undefined for an object that scales nothing. */
export function scalerFrom({ apiVersion, kind, metadata, spec }: Manifest): Scaler | undefined {
  const group = groupOf(apiVersion);
  if (!SCALER_KINDS.some((each) => each.group === group && each.kind === kind)) return undefined;
  const { scaleTargetRef } = (spec ?? {}) as { readonly scaleTargetRef?: TargetRef };
  if (!scaleTargetRef?.name) return undefined;
  // KEDA takes a Deployment where no kind is named; an HPA always names one.
  const { apiVersion: version = 'apps/v1', kind: targetKind = 'Deployment', name } = scaleTargetRef;
  const { namespace } = metadata;
  return {
    title: `${kind} ${metadata.name}`,
    target: { group: groupOf(version), kind: targetKind, ...(namespace ? { namespace } : {}), name },
  };
}

interface TargetRef {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

/** What scales a workload: what it says itself by its annotation, or the first autoscaler whose target it is. */
export function scalerOf(workload: Manifest, scalers: Iterable<Scaler>): string | undefined {
  const named = workload.metadata.annotations?.[ANNOTATIONS.scaledBy];
  if (named) return named;
  const group = groupOf(workload.apiVersion);
  const { namespace, name } = workload.metadata;
  for (const { title, target } of scalers)
    if (
      target.kind === workload.kind &&
      target.group === group &&
      target.name === name &&
      target.namespace === namespace
    )
      return title;
  return undefined;
}

/** The replicas of a live workload, and who stands behind them. */
export interface ScaleSeen {
  readonly replicas: number;
  /** Whether the operator's own apply owns the field. */
  readonly owned: boolean;
  /** What decides about them in the operator's place. */
  readonly scaler?: string;
  /** Another manager that set them. */
  readonly setBy?: string;
  /** Of a StatefulSet: pods of lower ordinals keep the template that they have; absent where there are none. */
  readonly partition?: number;
}

/** Undefined for what cannot be scaled. */
export function scaleOf(
  object: Manifest,
  operator: string,
  scalers: Iterable<Scaler>,
): ScaleSeen | undefined {
  if (!isScalable(object)) return undefined;
  const scaler = scalerOf(object, scalers);
  const setBy = replicasSetBy(object, operator);
  const partition = partitionIn(object);
  return {
    // The API server fills in 1 where nobody says anything.
    replicas: replicasOf(object) ?? 1,
    owned: ownsReplicas(object, operator),
    ...(scaler ? { scaler } : {}),
    ...(setBy ? { setBy } : {}),
    ...(partition > 0 ? { partition } : {}),
  };
}

function partitionIn({ spec }: Manifest): number {
  const { updateStrategy } = (spec ?? {}) as {
    readonly updateStrategy?: { readonly rollingUpdate?: { readonly partition?: number } };
  };
  return updateStrategy?.rollingUpdate?.partition ?? 0;
}
