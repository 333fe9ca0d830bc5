/** The labels and annotations on what we apply. They let everything in Temporal be rebuilt from the cluster. */
import { shortHash } from './hash.ts';
import type { Manifest } from './manifest.ts';

export const LABELS = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  /** The operator's name; every watch of ours selects by it. */
  managedBy: 'app.kubernetes.io/managed-by',
  /** The resource an object belongs to, by uid: objects without an ownerReference are found by it. */
  resource: 'durable-operator.dev/resource',
  /** The same by kind, namespace and name, also on pods and in selectors: it outlives a resource that is created again. */
  owner: 'durable-operator.dev/owner',
  /** On what is written down while a StatefulSet is made anew: the resource, by uid. */
  journal: 'durable-operator.dev/journal',
  /** On a ControllerRevision of ours: the resource whose objects it keeps, by uid. */
  revisionOf: 'durable-operator.dev/revision-of',
  /** On pods and in selectors: the workload, so that two workloads of one resource never select each other's pods. */
  workload: 'durable-operator.dev/workload',
  /** On a version of a ConfigMap or Secret: the name it was desired under. */
  versionOf: 'durable-operator.dev/version-of',
} as const;

export const ANNOTATIONS = {
  /** Digest of what we applied. */
  digest: 'durable-operator.dev/digest',
  /** Generation of the resource it was applied for: one that falls tells of an apply that arrived late. */
  generation: 'durable-operator.dev/generation',
  /** On a workload: digest of its pod template, so that a rollout's position can be rebuilt from the cluster. */
  template: 'durable-operator.dev/template',
  /** In a pod template: digest of the ConfigMaps and Secrets its pods use under a plain name. */
  config: 'durable-operator.dev/config',
  /** On a workload, by whoever scales it: who that is. Its replicas are left to them for as long as it is there. */
  scaledBy: 'durable-operator.dev/scaled-by',
  /** On a resource: `"true"` makes the operator leave it alone (the seed's ignore annotation). */
  ignore: 'durable-operator.dev/ignore',
  /** On what is written down while a workload is made anew: its kind, as kubectl accepts it. */
  journalOf: 'durable-operator.dev/journal-of',
  /** On an event that counts repeats: what it counted last. */
  occurrence: 'durable-operator.dev/occurrence',
  /** The resource an object belongs to, by kind, namespace and name; it stays when the ownerReference goes. */
  owner: 'durable-operator.dev/owner',
} as const;

/** On a resource: what people ask of its rollouts. `core/commands/orders.ts` says what each may hold. */
export const COMMANDS = {
  /** `"true"`, `"rollouts"`, a time, or JSON: changes nothing, or restarts nothing. */
  pause: 'durable-operator.dev/pause',
  /** Tokens of `status.rollout.pendingApprovals`. */
  approve: 'durable-operator.dev/approve',
  /** `"required"`, or the roles whose stages need an approval. */
  approval: 'durable-operator.dev/approval',
  /** The generation to leave: the last good set takes its place. */
  rollback: 'durable-operator.dev/rollback',
  /** Another value tries at once what is waited for. */
  retry: 'durable-operator.dev/retry',
  /** `"true"` lets a deletion end without what it waits for. */
  abandon: 'durable-operator.dev/abandon',
  /** A time, or JSON with `at` and `roles`: restarts the pods of the workloads, in order. */
  restartedAt: 'durable-operator.dev/restartedAt',
} as const;

/** The digest of what was applied, as the object says it; empty when it says none. */
export function digestOf({ metadata }: Manifest): string {
  return metadata.annotations?.[ANNOTATIONS.digest] ?? '';
}

/** The longest value of a label. */
const LONGEST_VALUE = 63;

/** A text as the value of a label. One that would be too long keeps its head and ends in a hash of the whole. */
export function labelValue(text: string): string {
  if (text.length <= LONGEST_VALUE) return text;
  const hash = shortHash(text);
  return `${text.slice(0, LONGEST_VALUE - hash.length - 1)}-${hash}`;
}

export const FINALIZER = 'durable-operator.dev/teardown';
