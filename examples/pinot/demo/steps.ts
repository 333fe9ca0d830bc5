import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from 'durable-operator/testing';
import type { ClusterView } from './cluster-view.ts';
import { conditionOf, viewOf } from './cluster-view.ts';
import type { Screen } from './screen.ts';

/** What the steps work on. */
export interface Scene {
  readonly cluster: Cluster;
  /** Of the Pinot. */
  readonly name: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

export interface Awaited {
  /** As a sentence goes on after "waiting for". */
  readonly what: string;
  readonly seconds: number;
  until(view: ClusterView): boolean | Promise<boolean>;
}

const LOOK_EVERY_MS = 200;

/** A step did not come to its end; the message says which, and what the Pinot said last. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/**
 * Shows the Pinot until it is as `until` wants it, and answers with every look that differed from the one before.
 *
 * @throws StepFailed when that takes too long.
 */
export async function watchUntil(
  scene: Scene,
  { what, seconds, until }: Awaited,
): Promise<readonly ClusterView[]> {
  const limit = performance.now() + seconds * 1000;
  const seen: ClusterView[] = [];
  for (;;) {
    const view = await viewOf(scene.cluster, scene.name, scene.signal);
    if (view) {
      scene.screen.show(view);
      if (JSON.stringify(view) !== JSON.stringify(seen.at(-1))) seen.push(view);
      if (await until(view)) return seen;
    }
    if (performance.now() > limit)
      throw new StepFailed(`${what} took more than ${seconds} s; ${lastWords(view)}`);
    await delay(LOOK_EVERY_MS, undefined, { signal: scene.signal });
  }
}

function lastWords(view: ClusterView | undefined): string {
  if (!view) return 'the Pinot is not there';
  const stalled = conditionOf(view, 'Stalled');
  const said = stalled?.status === 'True' ? stalled : conditionOf(view, 'Ready');
  return said ? `the Pinot says ${said.reason}: ${said.message}` : 'the Pinot has no condition yet';
}
