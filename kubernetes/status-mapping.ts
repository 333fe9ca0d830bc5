import type { Reason, StatusReason } from '../core/reasons.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import { bounded, LONGEST_PART } from '../core/bounded-text.ts';
import { literalsOf, refusalText } from './refusal-text.ts';
import type { StatusCause } from './status-error.ts';
import { StatusError } from './status-error.ts';

/** `metav1.Status`, as far as it is read. */
export interface Status {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly {
      readonly field?: string;
      readonly message?: string;
      readonly reason?: string;
    }[];
  };
}

/** A refusal may name every field of a large object; a person and a condition need the first ones. */
const MOST_CAUSES = 50;

/** The `Status` of a refusal; undefined when something else than an API server answered. */
export function parseStatus(text: string): Status | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const status: Status = JSON.parse(text);
    return status.kind === 'Status' ? status : undefined;
  } catch {
    // Not JSON: some proxy's own page, of which only the HTTP code is meant for us.
    return undefined;
  }
}

/** Turns a refusal into the error that every caller sees. */
export function statusErrorOf(
  call: { readonly method: string; readonly path: string; readonly body?: object },
  answer: {
    readonly code: number;
    readonly text: string;
    readonly retryAfter?: string | string[] | undefined;
  },
): StatusError {
  const { retryAfter } = answer;
  const status = parseStatus(answer.text);
  if (status) return errorOfStatus(status, { code: answer.code, retryAfter, sent: call.body });
  const path = call.path.split('?', 1)[0];
  return new StatusError(`HTTP ${answer.code} to ${call.method} ${path}`, {
    code: answer.code,
    reason: reasonOfCode(answer.code),
    ...retryFields(retryAfter, undefined),
  });
}

/** The error of a `Status`, which also comes as an event of a watch. */
export function errorOfStatus(
  status: Status,
  answer: {
    readonly code: number;
    readonly retryAfter?: string | string[] | undefined;
    readonly sent?: object | undefined;
  },
): StatusError {
  const code = status.code ?? answer.code;
  const { retryAfter } = answer;
  const sent = literalsOf(answer.sent);
  const causes = status.details?.causes
    ?.slice(0, MOST_CAUSES)
    .map(({ field = '', message = '', reason = '' }): StatusCause => ({
      field: refusalText(field, sent, LONGEST_PART),
      message: refusalText(message, sent, LONGEST_PART),
      reason: refusalText(reason, [], LONGEST_PART),
    }));
  const message = messageOf(refusalText(status.message ?? `HTTP ${code}`, sent), causes);
  if (isUntypedRefusal(status, code))
    return new StatusError(message, { code: 422, reason: STATUS_REASONS.Invalid });
  return new StatusError(message, {
    code,
    reason: ownReasonOf(status, code) ?? (isStatusReason(status.reason) ? status.reason : reasonOfCode(code)),
    ...(causes ? { causes } : {}),
    isUntyped: code === 500 && !status.reason,
    ...retryFields(retryAfter, status.details?.retryAfterSeconds),
  });
}

/** The server writes all causes into one sentence, in which the long one hides the others. */
function messageOf(text: string, causes: readonly StatusCause[] = []): string {
  const named = causes.filter(({ field }) => field);
  const [head = '', rest] = text.split(' is invalid: ', 2);
  if (rest === undefined || named.length === 0) return text;
  return bounded(
    `${head} is invalid: ${named.map(({ field, message }) => `${field}: ${message}`).join('; ')}`,
  );
}

/**
 * An apply with a field that the schema does not know is answered with 500 and no reason at all (the error of
 * structured-merge-diff is passed on as it is), which by its code alone would be asked again for ever.
 */
function isUntypedRefusal(status: Status, code: number): boolean {
  return (
    code === 500 &&
    !status.reason &&
    (status.message ?? '').startsWith('failed to create typed patch object ')
  );
}

/** Where Kubernetes' own reason hides what is the matter. */
function ownReasonOf({ message = '', details }: Status, code: number): Reason | undefined {
  if (details?.causes?.some(({ reason }) => reason === OUR_REASONS.NamespaceTerminating))
    return OUR_REASONS.NamespaceTerminating;
  // An internal error like any other, but for its sentence.
  const isOfWebhook = code === 500 && message.startsWith('Internal error occurred: failed calling webhook ');
  return isOfWebhook ? OUR_REASONS.WebhookUnreachable : undefined;
}

function isStatusReason(word: string | undefined): word is StatusReason {
  return word !== undefined && Object.hasOwn(STATUS_REASONS, word);
}

const REASON_OF_CODE: Readonly<Record<number, StatusReason>> = {
  401: STATUS_REASONS.Unauthorized,
  403: STATUS_REASONS.Forbidden,
  404: STATUS_REASONS.NotFound,
  409: STATUS_REASONS.Conflict,
  410: STATUS_REASONS.Gone,
  422: STATUS_REASONS.Invalid,
  429: STATUS_REASONS.TooManyRequests,
  502: STATUS_REASONS.ServiceUnavailable,
  503: STATUS_REASONS.ServiceUnavailable,
  504: STATUS_REASONS.Timeout,
};

function reasonOfCode(code: number): StatusReason {
  return REASON_OF_CODE[code] ?? (code >= 500 ? STATUS_REASONS.InternalError : STATUS_REASONS.BadRequest);
}

function retryFields(
  header: string | string[] | undefined,
  seconds: number | undefined,
): { retryAfterMs?: number } {
  const asked = Number(Array.isArray(header) ? header[0] : header);
  const wanted = asked > 0 ? asked : seconds;
  return wanted !== undefined && wanted > 0 ? { retryAfterMs: wanted * 1000 } : {};
}

/** There was no answer. A caller that gave up itself gets its own reason back. */
export function unreachable(attempt: {
  readonly origin: string;
  readonly method: string;
  readonly cause: unknown;
  readonly signal?: AbortSignal | undefined;
}): Error {
  const { origin, method, cause, signal } = attempt;
  if (cause instanceof StatusError) return cause;
  if (signal?.aborted)
    return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause });
  const why = cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : 'unknown';
  return new StatusError(`the API server at ${origin} did not answer ${method}: ${why}`, {
    code: 0,
    reason: 'Unreachable',
    cause,
  });
}
