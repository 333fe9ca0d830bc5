/**
 * Runs a function that an operator's author wrote: for so long and no longer, and only while its activity is wanted. Code that
 * ignores its signal is left behind; nothing waits for it, and it is not run a second time beside the first. Code that blocks the
 * event loop stops its whole process, and is out of reach here.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { RolloutPolicy } from '../api/operator.ts';
import type { TimeLimits } from '../api/time-limits.ts';
import { bounded } from '../core/bounded-text.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Reason } from '../core/reasons.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { Reads } from '../core/rollout/reads.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { AuthorContext } from './author-context.ts';
import { contextOf } from './author-context.ts';
import type { Dependencies } from './dependencies.ts';
import { long } from './durations.ts';
import { failureOf } from './failure.ts';
import { pulseOfAttempt } from './heartbeat.ts';
import { asResource } from './renderer.ts';
import { timeLimitsIn } from './time-limits.ts';

export interface OperatorCall {
  /** For people: `hook drain`. */
  readonly subject: string;
  readonly kind: keyof TimeLimits;
  /** The object it is about. */
  readonly key?: ObjectKey;
  /** Of a failure that has no reason of its own. */
  readonly reason: Reason;
}

interface Run {
  readonly since: Date;
  /** When it may be run beside this one, which then counts as lost; epoch milliseconds. */
  lostAt: number;
}

/** By resource and function, in this process. */
const runs = new Map<string, Run>();

/**
 * @throws ApplicationFailure `call.reason`, or that of the API server's refusal: the workflow decides when it is run again.
 * @throws CancelledFailure when the activity is cancelled.
 */
export async function runOperatorCode<Answer>(
  dependencies: Dependencies,
  resource: Manifest,
  call: OperatorCall,
  code: (given: AuthorContext) => Promise<Answer> | Answer,
): Promise<Answer> {
  const limitMs = timeLimitOf(dependencies, resource, call.kind);
  const id = [resource.metadata.uid, call.key ?? '', call.subject].join(' ');
  refuseSecondRun(id, call);
  const { cancellationSignal, cancelled } = Context.current();
  const limit = new AbortController();
  const signal = AbortSignal.any([cancellationSignal, limit.signal]);
  const given = await contextOf(dependencies, resource, {
    ...(call.key ? { key: call.key } : {}),
    signal,
  }).catch((error: unknown) => {
    throw failureOf(error, call.subject);
  });
  // Temporal may have begun another attempt, which is not to be met.
  if (pulseOfAttempt()?.isLost) throw failed(call, 'its process stood still before it began');
  const run: Run = { since: new Date(), lostAt: Infinity };
  runs.set(id, run);
  const work = Promise.resolve(given).then(code);
  const forget = (): void => void (runs.get(id) === run && runs.delete(id));
  work.then(forget, forget);
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    return await Promise.race([work, cancelled, aborted(limit.signal)]);
  } catch (error) {
    if (!signal.aborted) throw failed(call, given.explain(error), { error, read: given.reads() });
    run.lostAt = Date.now() + limitMs;
    // Code that heeds its signal ends in a moment; of other code the log tells.
    setImmediate(() => {
      if (runs.get(id) === run)
        dependencies.log.warn(
          { resource: resource.metadata.name, ...(call.key ? { object: call.key } : {}) },
          `${call.subject} was given up and still runs: it does not heed its signal`,
        );
    });
    if (cancellationSignal.aborted) return await cancelled;
    throw failed(call, `it did not end within ${long(limitMs)}, and was given up`);
  } finally {
    clearTimeout(timer);
  }
}

/** The policy of a resource that is deleted may be unreadable; its author's code runs all the same. */
function timeLimitOf({ operator }: Dependencies, resource: Manifest, kind: keyof TimeLimits): number {
  let policy: RolloutPolicy = {};
  try {
    policy = operator.rollout(asResource(resource));
  } catch (error) {
    if (kind !== 'onDelete') throw failureOf(error, `rollout of ${resource.metadata.name}`);
  }
  return timeLimitsIn(policy)[kind];
}

function refuseSecondRun(id: string, call: OperatorCall): void {
  const former = runs.get(id);
  if (!former || former.lostAt <= Date.now()) return;
  const until = Number.isFinite(former.lostAt) ? `, or until ${new Date(former.lostAt).toISOString()}` : '';
  throw failed(
    call,
    `its run of ${former.since.toISOString()} has not ended, and it is not run twice at once; it waits for that${until}`,
  );
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('time is up')), { once: true }),
  );
}

/** The workflow runs it again, so that the status says so and a person can hasten it; hence Temporal does not. */
function failed(
  { subject, reason }: OperatorCall,
  why: string,
  { error, read }: { readonly error?: unknown; readonly read?: Reads | undefined } = {},
): ApplicationFailure {
  return ApplicationFailure.create({
    type: error instanceof StatusError ? error.reason : reason,
    message: bounded(`${subject} failed: ${why}`),
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
    ...(read ? { details: [{ read }] } : {}),
  });
}

/** The failure that a call ended with; undefined for what is none of the function's. */
export function failureOfCall(
  error: unknown,
): { readonly failed: string; readonly reason: string; readonly read?: Reads } | undefined {
  if (!(error instanceof ApplicationFailure) || error.type === OUR_REASONS.PlanStale || !error.nonRetryable)
    return undefined;
  const [detail] = error.details ?? [];
  const known = detail as { readonly read?: Reads } | undefined;
  return {
    failed: error.message,
    reason: error.type ?? OUR_REASONS.GateFailed,
    ...(known?.read ? { read: known.read } : {}),
  };
}
