/** An external object in the hands of its kind's functions, with whatever they throw put into words. */
import { ApplicationFailure } from '@temporalio/common';
import ms from 'ms';
import type { AnyExternalFunctions, ExternalContext } from '../api/external.ts';
import { DEFAULT_SETTLES, differenceOf, ServerGone, Unreachable } from '../api/external.ts';
import { bounded } from '../core/bounded-text.ts';
import { CURRENT } from '../core/external.ts';
import type { Health } from '../core/health/health.ts';
import type { Manifest } from '../core/manifest.ts';
import { checkedDifference, checkedRemote, checkedVerdict } from '../core/operator-answers.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { Reason } from '../core/reasons.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { Reads } from '../core/rollout/reads.ts';
import { parseObjectKey } from '../core/refs.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { contextOf } from './author-context.ts';
import type { Dependencies } from './dependencies.ts';
import { durationOf } from './durations.ts';
import { heartbeating } from './heartbeat.ts';

/** Why something could not be done, and is tried again. */
export interface Refused {
  readonly reason: Reason;
  readonly message: string;
  /** When the server may be asked again, as it said. */
  readonly retryAfterMs?: number;
  /** What its function had read. */
  readonly read?: Reads;
  /** All that was on the server went with it. */
  readonly isServerGone?: true;
}

/** The functions of its kind, for one object; what they answer is checked, and free of credentials. */
export interface Handle {
  readonly context: ExternalContext;
  /** Undefined when its server has none. */
  observe(wanted?: unknown): Promise<unknown>;
  create(wanted: unknown): Promise<void>;
  update(wanted: unknown, remote: unknown): Promise<void>;
  remove(remote: unknown): Promise<void>;
  /** Where what is wanted is not in what is there. */
  differenceIn(wanted: unknown, remote: unknown): string | undefined;
  /** Where the two differ in what the server never changes. */
  fixedDifferenceIn(wanted: unknown, remote: unknown): string | undefined;
  healthOf(remote: unknown): Promise<Health>;
}

/** For all that is done at one time; the rest of the resource waits so long, whatever an author's function does. */
const PATIENCE_MS = 60_000;

/**
 * Gives an external object to `work`, and answers what it answers, or what an author's function threw in its place.
 *
 * @throws ApplicationFailure retryable, when the activity is cancelled: the author's error is about that.
 */
export async function handling<Result>(
  dependencies: Dependencies,
  resource: Manifest,
  key: ObjectKey,
  work: (handle: Handle) => Promise<Result>,
): Promise<Result | Refused> {
  const { namespace: home, uid } = resource.metadata;
  const { kind, name, namespace: place } = parseObjectKey(key, home);
  const known = dependencies.operator.externals.find((each) => each.kind === kind);
  if (!known)
    return {
      reason: STATUS_REASONS.Invalid,
      message: `the operator ${dependencies.operator.name} has no external kind ${kind} any more; run a version that has`,
    };
  const { context, redact, reads } = await contextOf(dependencies, resource, { key });
  const limit = AbortSignal.timeout(PATIENCE_MS);
  const given: ExternalContext = {
    ...context,
    signal: AbortSignal.any([context.signal, limit]),
    name,
    ...(place ? { place } : {}),
    idempotencyKey: `${uid}/${key}`,
  };
  const handle = handleOf(known.functions, given, redact);
  try {
    return await heartbeating(() => Promise.race([work(handle), rejected(limit)]));
  } catch (error) {
    if (limit.aborted)
      return {
        reason: OUR_REASONS.Unreachable,
        message: `its server took longer than ${PATIENCE_MS / 1000} s`,
      };
    if (context.signal.aborted)
      throw ApplicationFailure.create({
        message: `${titleOf(key)}: cancelled`,
        type: OUR_REASONS.Unreachable,
      });
    const read = reads();
    return {
      reason: reasonOf(error),
      message: bounded(redact(sentence(error))),
      ...retryAfterOf(error),
      ...(chainOf(error).some((each) => each instanceof ServerGone) ? { isServerGone: true as const } : {}),
      ...(read ? { read } : {}),
    };
  }
}

function handleOf(
  functions: AnyExternalFunctions,
  context: ExternalContext,
  redact: (text: string) => string,
): Handle {
  const struck = (answer: unknown): unknown => (typeof answer === 'string' ? redact(answer) : answer);
  return {
    context,
    observe: async (wanted) => checkedRemote(await functions.observe(context, wanted), 'observe'),
    create: (wanted) => functions.create(wanted, context),
    update: (wanted, remote) => functions.update(wanted, remote, context),
    remove: (remote) => functions.remove(remote, context),
    differenceIn(wanted, remote) {
      const answer: unknown = functions.differs
        ? functions.differs(wanted, remote)
        : differenceOf(wanted, remote);
      return checkedDifference(struck(answer), 'differs');
    },
    fixedDifferenceIn: (wanted, remote) =>
      checkedDifference(struck(functions.replace?.(wanted, remote)), 'replace'),
    async healthOf(remote) {
      const answer = functions.ready
        ? checkedVerdict(struck(await functions.ready(remote, context)), 'ready')
        : true;
      if (answer === true) return CURRENT;
      return { state: 'InProgress', reason: OUR_REASONS.WaitingForHealth, message: answer };
    },
  };
}

/** How long the server of an object may take to show what it was asked for, in milliseconds. */
export function settlesMsOf({ operator }: Pick<Dependencies, 'operator'>, key: ObjectKey): number {
  const { kind } = parseObjectKey(key, undefined);
  const known = operator.externals.find((each) => each.kind === kind);
  return durationOf(known?.options.settles) ?? ms(DEFAULT_SETTLES);
}

/** Functions that ignore their signal are left alone; what they do late is met by the next look. */
function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Unreachable('it takes too long')), { once: true }),
  );
}

const TIMED_OUT: ReadonlySet<string> = new Set(['TimeoutError', 'AbortError']);
const DISCONNECTED =
  /^(UND_ERR_|ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)/;

function reasonOf(error: unknown): Reason {
  return chainOf(error).some(isOutage) ? OUR_REASONS.Unreachable : OUR_REASONS.RemoteRefused;
}

function isOutage(error: Error): boolean {
  if (error instanceof Unreachable || TIMED_OUT.has(error.name)) return true;
  if (error instanceof StatusError) return error.isTransient;
  return 'code' in error && typeof error.code === 'string' && DISCONNECTED.test(error.code);
}

/** No server can make us wait longer; the next attempt finds out. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

function retryAfterOf(error: unknown): { readonly retryAfterMs?: number } {
  const busy = chainOf(error).find((each) => each instanceof Unreachable);
  const asked = durationOf(busy?.retryAfter);
  return asked === undefined || asked <= 0 ? {} : { retryAfterMs: Math.min(asked, LONGEST_RETRY_AFTER_MS) };
}

/** Word for word; what a library wraps (`fetch failed`) with what it wraps. */
function sentence(error: unknown): string {
  const messages = chainOf(error).map(({ message, name }) => message || name);
  return messages.length > 0 ? [...new Set(messages)].join(': ') : String(error);
}

/** Causes of causes that are told; a chain can end in itself. */
const LONGEST_CHAIN = 8;

function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < LONGEST_CHAIN; at = at.cause) chain.push(at);
  return chain;
}
