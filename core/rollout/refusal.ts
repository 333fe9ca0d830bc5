import { pauseAfter } from '../backoff.ts';
import { isPassing, STATUS_REASONS } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import type { ReconcileState, Refusal } from './state.ts';
import { callAgainMs } from './call-again.ts';
import { rfc3339 } from './times.ts';

const FIRST_RETRY_MS = 10_000;
/** What passes by itself, and what somebody must end. */
const LONGEST_RETRY_MS = { passing: 120_000, lasting: 600_000 };

/** In the place of the digest that was refused. */
export const REMOVAL = 'removal';

interface Refused {
  readonly key: ObjectKey;
  readonly digest: string;
  readonly reason: string;
  readonly message: string;
  readonly aboutShape?: true;
  readonly token?: string;
  /** Operator code failed, and nothing was refused. */
  readonly ofCall?: true;
  readonly holder?: string;
  readonly heir?: Refusal['heir'];
  /** The server said when it may be asked again. */
  readonly retryAfterMs?: number;
  readonly read?: Refusal['read'];
}

/** Records that the server would not take an object (or let it go): it is tried again ever more slowly. */
export function withRefusal(
  state: ReconcileState,
  { key, digest, reason, message, aboutShape, token, heir, retryAfterMs = 0, ofCall, holder, read }: Refused,
  now: number,
): ReconcileState {
  const known = state.refusals[key];
  const same = known?.digest === digest ? known : undefined;
  const attempts = (same?.attempts ?? 0) + 1;
  const longest = isPassing(reason) ? LONGEST_RETRY_MS.passing : LONGEST_RETRY_MS.lasting;
  const pauses = [FIRST_RETRY_MS, longest] as const;
  const delay = ofCall ? callAgainMs(reason, attempts, pauses) : pauseAfter(attempts, pauses);
  const isAboutShape = aboutShape ?? same?.aboutShape;
  const refusal: Refusal = {
    digest,
    reason,
    message,
    since: same?.since ?? rfc3339(now),
    attempts,
    // What cannot be changed in place is looked at, which is another thing than to try it again.
    retryAt: aboutShape && !same ? now : now + Math.max(delay, retryAfterMs),
    ...(isAboutShape ? { aboutShape: true } : {}),
    ...(token ? { token } : {}),
    ...(ofCall ? { ofCall } : {}),
    ...(holder === undefined ? {} : { holder }),
    ...(heir ? { heir } : {}),
    ...(read ? { read } : {}),
  };
  return { ...state, refusals: { ...state.refusals, [key]: refusal } };
}

/** What a look at an object showed that belongs to another resource or controller: who has it, as `holderWord` says. */
export interface Held {
  readonly key: ObjectKey;
  readonly exists: true;
  readonly uid: string;
  readonly heldBy: string;
  readonly editors?: undefined;
}

/** What was refused since another resource has it is tried at once when another has it, or none. */
export function heldOtherwise(
  state: ReconcileState,
  seen: { readonly key: ObjectKey; readonly exists: boolean; readonly heldBy?: string | undefined },
  now: number,
): ReconcileState {
  const refusal = state.refusals[seen.key];
  const holder = seen.heldBy ?? (seen.exists ? '' : STATUS_REASONS.NotFound);
  if (refusal?.holder === undefined || refusal.holder === holder) return state;
  return { ...state, refusals: { ...state.refusals, [seen.key]: { ...refusal, retryAt: now } } };
}

/** The objects that were refused since others have them, and who does. */
export function heldByOthers({ refusals }: Pick<ReconcileState, 'refusals'>): ReadonlyMap<ObjectKey, string> {
  return new Map(
    Object.entries(refusals).flatMap(([key, { holder }]) => (holder === undefined ? [] : [[key, holder]])),
  );
}
