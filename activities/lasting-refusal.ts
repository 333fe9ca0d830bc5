import { Context } from '@temporalio/activity';
import { bounded } from '../core/bounded-text.ts';
import type { Reason } from '../core/reasons.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { StatusCause } from '../kubernetes/status-error.ts';
import { StatusError } from '../kubernetes/status-error.ts';

export interface LastingRefusal {
  readonly reason: Reason;
  readonly message: string;
}

/** From this attempt on, some eight seconds after the first, the server of one object that is away holds up the others no longer. */
const PATIENT_WRITES = 5;

/**
 * Why the server refuses a write, where that is about the one object and lasts; undefined where the server itself is in trouble,
 * and asking again at once may do.
 */
export function lastingRefusal(error: unknown): LastingRefusal | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const { reason, isTransient, code } = error;
  const isPatient = code === 0 || Context.current().info.attempt < PATIENT_WRITES;
  // A webhook may be away for long; it guards some objects, and the others must not wait for it.
  if (isTransient && isPatient && reason !== OUR_REASONS.WebhookUnreachable) return undefined;
  return { reason, message: reason === STATUS_REASONS.Invalid ? refusalMessage(error) : error.message };
}

/** The fields that were refused, and why. */
export function refusalMessage({ causes, message }: StatusError): string {
  const named = causes.filter(({ field }) => field).map(sentenceOf);
  return named.length > 0 ? bounded(named.join('; ')) : message;
}

/** Some of the server's checks know no field, and write what an empty path looks like: `<nil>`, `[]`. */
function sentenceOf({ field, message }: StatusCause): string {
  return field === '<nil>' || !/\w/.test(field) ? message : `${field}: ${message}`;
}
