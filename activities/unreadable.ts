import { Context } from '@temporalio/activity';
import { bounded } from '../core/bounded-text.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { KindRef } from '../core/refs.ts';
import type { Unreadable } from '../core/rollout/unread.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';

/** A look is tried four times: from the last on, a server of one kind that does not answer holds up the others no longer. */
const PATIENT_LOOKS = 4;

/**
 * Why one object, or the objects of one kind, cannot be read, in words that say what to do; undefined where the API server
 * itself does not answer, and everything is asked again.
 */
export function unreadable(error: unknown, verb: 'get' | 'list'): Unreadable | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const { reason, message, code, isTransient } = error;
  if (isTransient && (code === 0 || Context.current().info.attempt < PATIENT_LOOKS)) return undefined;
  const cure = reason === STATUS_REASONS.Forbidden ? `; grant the verb ${verb}` : '';
  return { reason, message: bounded(`${message}${cure}`) };
}

/** Whether the server does not serve a kind in any version: its objects went with it. One that does not answer may. */
export async function isUnserved(
  api: Pick<KubernetesApi, 'servedKind'>,
  { group, kind }: KindRef,
  error: unknown,
): Promise<boolean> {
  if (!isNotFound(error)) return false;
  try {
    await api.servedKind({ group, kind });
    return false;
  } catch (second) {
    // Where discovery does not answer nothing more is known, and the first answer stands.
    return isNotFound(second);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.reason === STATUS_REASONS.NotFound;
}
