/** What its server never changes is removed, and created in its place as it is wanted. */
import { setTimeout as delay } from 'node:timers/promises';
import { COMMANDS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import { parseObjectKey } from '../core/refs.ts';
import { isApproved, tokenOf } from '../core/rollout/course.ts';
import { ordersIn } from './choose-plan.ts';
import type { Dependencies } from './dependencies.ts';
import type { Handle, Refused } from './external-object.ts';
import type { KeptObject } from './revisions.ts';

/** A replacement that a person must approve first, and what approves it. */
export interface Unapproved extends Refused {
  readonly token: string;
}

/**
 * Why an object may not be replaced yet; undefined when it may be.
 *
 * @param difference where it differs in what its server never changes.
 */
export function unapprovedReplacement(
  { operator }: Pick<Dependencies, 'operator'>,
  resource: Manifest,
  { ref }: KeptObject,
  difference: string,
): Unapproved | undefined {
  const { kind } = parseObjectKey(ref.key, undefined);
  const known = operator.externals.find((each) => each.kind === kind);
  const token = tokenOf(ref.digest, ref.key, 'loss');
  if (known?.options.losesData === false || isApproved(ordersIn(resource), token, Date.now()))
    return undefined;
  const why = `differs in ${difference}, which its server never changes; it can be removed and created in its place, and then its data is lost`;
  return {
    reason: OUR_REASONS.ApprovalRequired,
    message: `${why}; undo the change, or ${COMMANDS.approve}=${token} on the resource approves it`,
    token,
  };
}

/** How long a server may take to let go of what it was asked to remove. */
const LEAVING_MS: readonly number[] = [0, 200, 500, 1_000, 2_000];

/** @throws Error when its server still shows it: nothing is created beside it, and it is tried again. */
export async function removeToReplace(handle: Handle, remote: unknown): Promise<undefined> {
  await handle.remove(remote);
  for (const pause of LEAVING_MS) {
    await delay(pause, undefined, { signal: handle.context.signal });
    if ((await handle.observe()) === undefined) return undefined;
  }
  throw new Error('the server accepted its removal, so that it can be replaced, and still shows it');
}
