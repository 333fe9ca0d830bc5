import type { Manifest } from '../core/manifest.ts';
import type { Contents } from '../core/plan/digests.ts';
import type { Memory } from '../core/rollout/course.ts';
import type { Settling } from '../core/rollout/quiet-time.ts';
import { settled, settlingOf } from '../core/rollout/quiet-time.ts';
import type { Chosen, Sources } from './choose-plan.ts';
import { choosePlan } from './choose-plan.ts';

/** Contents of others that changed, and are not taken up yet. */
export interface Settles {
  readonly settling?: Settling;
}

/** What a workflow knows, and what was seen of ConfigMaps and Secrets of others since. */
export interface SeenContents {
  readonly known:
    { readonly uid: string; readonly generation: number; readonly version?: string } | undefined;
  readonly contents: Contents;
  readonly newest: Contents;
  readonly settling: Settling | undefined;
  readonly now: number;
}

/**
 * Chooses the plan. Contents of others that are all that changed are taken into it once they are quiet; whatever else changes goes at
 * once, and takes the newest of them along.
 */
export async function chooseSettled(
  sources: Sources,
  manifest: Manifest,
  memory: Memory,
  { known, contents, newest, settling: before, now }: SeenContents,
): Promise<Settles & { readonly chosen: Chosen }> {
  const { uid, generation } = manifest.metadata;
  const isKnown = known !== undefined && known.uid === uid && known.generation === generation;
  const settling = isKnown ? settlingOf(contents, newest, before, now) : undefined;
  if (settling) {
    const former = settled(contents, newest, settling);
    const chosen = await choosePlan(sources, manifest, memory, { now, contents: former });
    if (known?.version === undefined || known.version === chosen.view.version) return { chosen, settling };
  }
  return { chosen: await choosePlan(sources, manifest, memory, { now, contents: newest }) };
}
