/** `spec.replicas` of what can be scaled: the one field of a workload that others may decide about. */
import { managedBy } from './fields.ts';
import type { Manifest } from './manifest.ts';

/** Undefined where the manifest leaves them out. */
export function replicasOf(manifest: Manifest): number | undefined {
  const { replicas } = (manifest['spec'] ?? {}) as { readonly replicas?: unknown };
  return typeof replicas === 'number' ? replicas : undefined;
}

/** The manifest with other replicas, or with none. */
export function withReplicas(manifest: Manifest, replicas: number | undefined): Manifest {
  const { replicas: _, ...spec } = (manifest['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  return { ...manifest, spec: replicas === undefined ? spec : { ...spec, replicas } };
}

/** The manager that holds replicas while nobody else has set them: server-side apply resets a field that nobody owns. */
export function handOverManager(operator: string): string {
  return `${operator}-handover`;
}

/** Who sets replicas for an autoscaler: of Kubernetes, and of KEDA. */
const AUTOSCALERS: ReadonlySet<string> = new Set(['kube-controller-manager', 'keda', 'keda-operator']);

/** Whether an autoscaler set the replicas, and no person. */
export function isAutoscaler(manager: string): boolean {
  return AUTOSCALERS.has(manager);
}

/** Whether the operator's own apply owns the replicas. */
export function ownsReplicas(object: Manifest, operator: string): boolean {
  return managedBy(object, operator).some(({ fieldsV1 }) => hasReplicas(fieldsV1));
}

/** Who set the replicas and is not the operator: `kubectl`, `kube-controller-manager`. */
export function replicasSetBy(object: Manifest, operator: string): string | undefined {
  const ours: readonly (string | undefined)[] = [operator, handOverManager(operator)];
  const entries = object.metadata.managedFields ?? [];
  const other = entries.find(({ manager, fieldsV1 }) => !ours.includes(manager) && hasReplicas(fieldsV1));
  return other && (other.manager ?? 'an unknown manager');
}

function hasReplicas(fields: object | undefined): boolean {
  const { 'f:spec': spec } = (fields ?? {}) as { readonly 'f:spec'?: Readonly<Record<string, unknown>> };
  return spec?.['f:replicas'] !== undefined;
}
