import { isPassing } from '../reasons.ts';
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
}

/** Records that the server would not take an object (or let it go): it is tried again ever more slowly. */
export function withRefusal(
  state: ReconcileState,
  { key, digest, reason, message, aboutShape, token, ofCall }: Refused,
  now: number,
): ReconcileState {
  const known = state.refusals[key];
  const same = known?.digest === digest ? known : undefined;
  const attempts = (same?.attempts ?? 0) + 1;
  const longest = isPassing(reason) ? LONGEST_RETRY_MS.passing : LONGEST_RETRY_MS.lasting;
  const delay = ofCall
    ? callAgainMs(reason, attempts, [FIRST_RETRY_MS, longest])
    : Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), longest);
  const isAboutShape = aboutShape ?? same?.aboutShape;
  const refusal: Refusal = {
    digest,
    reason,
    message,
    since: same?.since ?? rfc3339(now),
    attempts,
    // What cannot be changed in place is looked at, which is another thing than to try it again.
    retryAt: aboutShape && !same ? now : now + delay,
    ...(isAboutShape ? { aboutShape: true } : {}),
    ...(token ? { token } : {}),
    ...(ofCall ? { ofCall } : {}),
  };
  return { ...state, refusals: { ...state.refusals, [key]: refusal } };
}
