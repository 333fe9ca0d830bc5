/** Which pods of a resource are made and become ready, in which order: what an upgrade looks like from outside. */
import assert from 'node:assert/strict';
import { LABELS } from '../../core/labels.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { Story } from './story.ts';

/** What is looked at. */
interface Pod extends Manifest {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface Moment {
  readonly what: 'created' | 'ready';
  readonly pod: string;
  readonly role: string;
  readonly workload: string;
}

/** Which pods of a resource appeared and became ready, in order, each moment once. */
export function momentsOf(story: Story, instance: string): readonly Moment[] {
  const seen = new Map<string, Moment>();
  for (const { type, object } of story.happenings) {
    const { name, uid, labels } = object.metadata;
    if (labels?.[LABELS.instance] !== instance) continue;
    const isReady = (object as Pod).status?.conditions?.some(
      (each) => each.type === 'Ready' && each.status === 'True',
    );
    // A pod from before the story may still say that it is ready while it ends.
    const isNew = seen.has(`created ${uid}`);
    const what = type === 'ADDED' ? 'created' : isNew && isReady ? 'ready' : undefined;
    if (!what || seen.has(`${what} ${uid}`)) continue;
    const role = labels[LABELS.component] ?? '';
    seen.set(`${what} ${uid}`, { what, pod: name, role, workload: labels[LABELS.workload] ?? '' });
  }
  return [...seen.values()];
}

export function roles(moments: readonly Moment[], what: Moment['what']): readonly string[] {
  return moments.filter((moment) => moment.what === what).map(({ role }) => role);
}

/**
 * The roles, or the workloads, in the order in which they began; fails when one began before all pods of the former were
 * ready.
 */
export function orderOf(moments: readonly Moment[], by: 'role' | 'workload' = 'role'): readonly string[] {
  const begun: string[] = [];
  for (const [index, moment] of moments.entries()) {
    if (moment.what === 'ready' || begun.at(-1) === moment[by]) continue;
    const before = moments.slice(0, index);
    const [created, ready] = [roles(before, 'created').toSorted(), roles(before, 'ready').toSorted()];
    assert.deepEqual(ready, created, `${moment.pod} is made while pods of an earlier ${by} are not ready`);
    assert.ok(!begun.includes(moment[by]), `${moment.pod} is made after ${begun.at(-1)} has begun`);
    begun.push(moment[by]);
  }
  return begun;
}

/** How many pods of each role were made; one that is made twice counts twice. */
export function countOf(moments: readonly Moment[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(roles(moments, 'created'), (role) => role);
  return Object.fromEntries(Array.from(groups, ([role, pods]) => [role, pods.length]));
}
