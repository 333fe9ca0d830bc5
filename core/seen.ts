/** What is seen, in one word, of an object that is read and not owned; an activity and a bridge must say the same. */
import type { Health } from './health/health.ts';
import { health } from './health/index.ts';
import { conditionOf, phrase } from './health/read.ts';
import type { Manifest } from './manifest.ts';
import { STATUS_REASONS } from './reasons.ts';
import { groupOf, isKubernetesGroup } from './refs.ts';

/** Of these only metadata is watched, and any change is another word: their content is for the activity to compare. */
const CONTENT_KINDS: ReadonlySet<string> = new Set(['ConfigMap', 'Secret']);
/** Said of an object that is not there. */
export const NOT_FOUND: string = STATUS_REASONS.NotFound;

/** Whether the kind, as `kindName` writes it, is read for its content, and not for its health. */
export function isContent(kind: string): boolean {
  return CONTENT_KINDS.has(kind);
}

/** The word for an object: its health, or its resourceVersion where it is read for its content. */
export function seenOf(object: Manifest): string {
  if (object.apiVersion === 'v1' && isContent(object.kind)) return object.metadata.resourceVersion ?? '';
  return readiness(object).state;
}

/**
 * Whether a resource of somebody else is ready. A custom resource that says nothing of itself is not: its controller may not
 * have looked at it yet.
 */
export function readiness(object: Manifest): Health {
  const verdict = health(object, [], {});
  if (verdict.state !== 'Current' || isKubernetesGroup(groupOf(object.apiVersion))) return verdict;
  const ready = conditionOf(object, 'Ready');
  if (ready?.status === 'True') return verdict;
  const message = phrase(ready?.message ?? '') || 'has no condition Ready yet';
  return { state: 'InProgress', reason: ready?.reason || 'NotReady', message };
}
