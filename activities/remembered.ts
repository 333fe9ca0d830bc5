/** What a workflow that knows nothing is given back, from the status and from the objects of its resource. */
import type { Manifest } from '../core/manifest.ts';
import { isExternal } from '../core/plan/categories.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { Memory } from '../core/rollout/course.ts';
import { withoutPlace } from '../core/rollout/fold-plan.ts';
import type { Entry, StatusSeen, Told } from '../core/rollout/state.ts';
import { placeOf } from '../core/rollout/state.ts';
import { readStatus } from '../core/status/read-status.ts';
import type { Condition, RolloutReport } from '../core/status/resource-status.ts';
import { toldBy } from '../core/status/told.ts';
import { isAsWritten } from '../core/status/written.ts';
import type { Recovery } from './recover-inventory.ts';
import { isUncertain } from './recover-inventory.ts';
import type { KeptPlan } from './revisions.ts';
import { seenStatus } from './write-status.ts';

type Inventory = Readonly<Record<ObjectKey, Entry>>;

export interface Remembered {
  readonly memory: Memory;
  readonly journal: readonly RolloutReport[];
  /** The one that was under way. */
  readonly rollout?: RolloutReport;
  readonly conditions: readonly Condition[];
  readonly told: Told;
  /** `commandsFingerprint` of the commands that were told. */
  readonly commands?: string;
  /** What the routine answered last. */
  readonly routine?: unknown;
  /** `statusFingerprint` of the status, where it is as it was written: the same is not written again. */
  readonly reported?: string;
  readonly written: StatusSeen;
}

export function rememberedBy(manifest: Manifest): Remembered | undefined {
  const status = readStatus(manifest);
  const { memory = {}, rollout, history = [], conditions, routine, inventory } = status;
  if (!conditions) return undefined;
  const finished = rollout?.finishedAt === undefined ? [] : [withoutWaits(rollout)];
  const isUnderWay = rollout !== undefined && !rollout.finishedAt;
  const { written, commands } = inventory ?? {};
  return {
    memory,
    journal: [...finished, ...history.map((past) => ({ ...past, stages: [] }))],
    ...(isUnderWay ? { rollout } : {}),
    conditions,
    told: toldBy(status),
    ...(commands ? { commands } : {}),
    ...(routine === undefined ? {} : { routine }),
    ...(written && isAsWritten(manifest['status']) ? { reported: written } : {}),
    written: seenStatus(manifest),
  };
}

/** What a rollout that is through waits for is about the next one. */
function withoutWaits({ pendingApprovals: _1, nextWindow: _2, ...rollout }: RolloutReport): RolloutReport {
  return rollout;
}

/** Labels and references can be copied: of what nothing is ours by the books of the API server nothing is deleted. */
export function ofOurs({ recovered, ...recovery }: Recovery): Recovery {
  if (!recovered) return recovery;
  const ours = Object.entries(recovered).filter(([key, entry]) => isOurs(key, entry));
  return { ...recovery, recovered: Object.fromEntries(ours) };
}

function isOurs(key: ObjectKey, { fields }: Entry): boolean {
  return isExternal(key) || fields !== '';
}

/**
 * The entries at their places in the plan, so that what is as planned is known as such. External objects that are still desired are
 * looked at before anything is changed, which is no upgrade.
 */
export function placedIn(recovered: Inventory, { objects }: KeptPlan): Inventory {
  const entries = Object.entries(recovered).flatMap(([key, entry]): [ObjectKey, Entry][] => {
    const ref = objects.get(key)?.ref;
    if (!ref) return isOurs(key, entry) ? [[key, entry]] : [];
    const { template, shape } = ref;
    if (isExternal(key)) return [[key, template ? { ...entry, template } : entry]];
    if (ref.digest !== entry.digest) return [[key, entry]];
    const placed = { ...withoutPlace(entry), ...placeOf(ref), ...(template ? { template } : {}) };
    return [[key, { ...placed, ...(shape ? { shape } : {}) }]];
  });
  return Object.fromEntries(entries);
}

/** Of what was recovered, what is looked at or applied again only to be certain: the same generation restarts no pod by it. */
export function isOnlyUncertain(entry: Entry | undefined, template: string | undefined): boolean {
  return entry !== undefined && isUncertain(entry) && entry.template === template;
}
