/**
 * What a person may ask of a resource through Temporal, and whether it makes sense now. A command becomes an annotation of
 * the resource, so that it reads the same whoever gave it and outlives Temporal. Pure.
 */
import { COMMANDS } from '../labels.ts';
import type { Course } from '../rollout/course.ts';
import { rollbackTarget, tokenOf } from '../rollout/course.ts';
import type { PendingApproval } from '../status/resource-status.ts';
import type { Situation } from '../status/verdict.ts';
import { isLoss, pendingApprovals } from '../status/pending-approvals.ts';
import type { Edit } from './edit.ts';
import type { Approval, Pause } from './orders.ts';

/** Who asks, and why: it goes into the annotation, the events and the journal. */
export interface Asker {
  readonly by: string;
  readonly why?: string;
}

export interface ApproveRequest extends Asker {
  /** @defaultValue everything that waits for an approval now, but what would lose pods or data: that must be named */
  readonly stage?: string;
  /** RFC 3339; the approval counts no more after it. */
  readonly expires?: string;
}

export interface PauseRequest extends Asker {
  /** @defaultValue `'all'`, unless a role or an object is named */
  readonly scope?: 'all' | 'rollouts';
  readonly role?: string;
  /** `StatefulSet/<name>`. */
  readonly object?: string;
  /** RFC 3339; absent: until somebody resumes it. */
  readonly until?: string;
}

export interface RestartRequest extends Asker {
  /** @defaultValue all workloads */
  readonly roles?: readonly string[];
}

/** What a command changes, and what is said to the one who gave it. */
export interface Granted {
  readonly edit: Edit;
  readonly message: string;
}

/** Each throws an Error that says why the command makes no sense now. */
export function approve(situation: Situation, request: ApproveRequest, now: number): Granted {
  const { by, why, stage, expires } = signed(request);
  const until = expires === undefined ? undefined : future(expires, 'expires', now);
  const pending = pendingApprovals(situation);
  const chosen = pending.filter((each) => (stage === undefined ? !isLoss(each) : each.stage === stage));
  if (chosen.length === 0) throw new Error(unapprovable(pending, stage));
  const given: Approval[] = chosen.map(({ token }) => ({
    token,
    by,
    ...(why ? { why } : {}),
    ...(until === undefined ? {} : { expires: until }),
  }));
  const live = liveTokens(situation);
  const spent = (situation.plan?.orders?.approvals ?? []).flatMap(({ token }) =>
    live.has(token) ? [] : [token],
  );
  return {
    edit: { kind: 'approve', approvals: given, spent },
    message: `approved: ${chosen.map((each) => `${each.stage} (${each.reason})`).join(', ')}`,
  };
}

/** What may still be approved: a token of another plan is spent, and the annotation is not to grow for ever. */
function liveTokens({ plan, state }: Situation): ReadonlySet<string> {
  if (!plan) return new Set();
  const { digest, newest, stages } = plan;
  const refs = Object.values(plan.refs);
  const names = [...stages, ...refs.flatMap(({ key, role }) => [role ?? '', key.split('/').at(-1) ?? ''])];
  const known = [digest, newest?.digest ?? digest];
  return new Set([
    ...known.map((each) => tokenOf(each, '', 'runtime')),
    ...names.flatMap((name) => [tokenOf(digest, name, 'stage'), tokenOf(digest, name, 'window')]),
    ...known.flatMap((each) => refs.map(({ key }) => tokenOf(each, key, 'loss'))),
    ...Object.values(state.refusals).flatMap(({ token }) => token ?? []),
  ]);
}

function unapprovable(pending: readonly PendingApproval[], stage: string | undefined): string {
  const names = pending.map((each) => each.stage).join(', ');
  if (pending.length === 0) return 'nothing waits for an approval';
  if (stage === undefined)
    return `pods or data would be lost, so name what you approve as the stage: ${names}`;
  return `stage ${stage} waits for no approval; ${names} does`;
}

export function rollBack({ state, plan }: Situation, request: Asker): Granted {
  const { by, why } = signed(request);
  if (!plan?.newest) throw new Error('nothing is planned that could be rolled back');
  if (plan.course?.kind === 'rolledBack')
    throw new Error(`generation ${plan.newest.generation} is rolled back already`);
  const target = rollbackTarget(state, plan.newest);
  if (!target) throw new Error('there is nothing to go back to: no other set of objects was ever Current');
  const { generation } = plan.newest;
  return {
    edit: set(COMMANDS.rollback, { generation, by, ...(why ? { why } : {}) }),
    message: `rolling back generation ${generation} to what was good at generation ${target.generation}`,
  };
}

/**
 * What a request may be, whoever sends it.
 *
 * @throws Error naming the field, what it is and what is expected.
 */
export function checkRequest(request: unknown): void {
  if (typeof request !== 'object' || request === null)
    throw new Error('a command is an object with "by", which says who asks');
  const fields: Readonly<Record<string, unknown>> = { ...request };
  for (const name of ['by', 'why', 'stage', 'expires', 'scope', 'role', 'object', 'until']) {
    const value = fields[name];
    if (value !== undefined && typeof value !== 'string')
      throw new Error(`"${name}" is a text, not ${typeof value}`);
  }
  const { roles, by } = fields;
  if (!by) throw new Error('"by" says who asks, and is missing');
  if (roles !== undefined && !(Array.isArray(roles) && roles.every((role) => typeof role === 'string')))
    throw new Error('"roles" is a list of roles');
}

export function retry({ state, failure }: Situation, request: Asker, now: number): Granted {
  const { by, why } = signed(request);
  const closed = Object.values(state.rollout?.passages ?? {}).some(({ gate }) => gate && gate !== 'open');
  if (Object.keys(state.refusals).length === 0 && !closed && !failure && !state.cleanup)
    throw new Error('nothing waits to be tried again');
  const at = new Date(now).toISOString();
  return {
    edit: set(COMMANDS.retry, { at, by, ...(why ? { why } : {}) }),
    message: 'tried again at once',
  };
}

export function pause({ plan }: Situation, request: PauseRequest, now: number): Granted {
  const { by, why, role, object, until } = signed(request);
  const { scope = 'all' } = request;
  if (scope !== 'all' && scope !== 'rollouts')
    throw new Error(`scope is "all" or "rollouts", not ${JSON.stringify(scope)}`);
  if (role !== undefined) known(plan, [role]);
  const ends = until === undefined ? undefined : future(until, 'until', now);
  const subject = role === undefined ? (object === undefined ? scope : { object }) : { role };
  const mine: Pause = {
    scope: subject,
    ...(ends === undefined ? {} : { until: ends }),
    by,
    ...(why ? { why } : {}),
  };
  const what = role ?? object ?? (scope === 'all' ? 'the resource' : 'rollouts');
  return {
    edit: { kind: 'pause', pause: mine },
    message: `paused: ${what}${until === undefined ? '' : ` until ${until}`}`,
  };
}

export function resume({ plan }: Situation, request: Asker): Granted {
  signed(request);
  if ((plan?.orders?.pauses ?? []).length === 0) throw new Error('nothing is paused');
  return { edit: { kind: 'remove', name: COMMANDS.pause }, message: 'resumed' };
}

export function restart({ state, plan, deleting }: Situation, request: RestartRequest, now: number): Granted {
  const { by, why, roles } = signed(request);
  if (deleting) throw new Error('it is being deleted');
  if (plan?.course?.kind === 'rolledBack') throw new Error(notRestarted(plan.course));
  if (roles) known(plan, roles);
  const at = new Date(now).toISOString();
  const text = { at, ...(roles ? { roles } : {}), by, ...(why ? { why } : {}) };
  return {
    edit: { kind: 'restart', restart: text, done: state.restarts ?? {} },
    message: `restarting ${roles?.join(', ') ?? 'all workloads'}, in order`,
  };
}

/** Why a restart that was asked for does not happen while a former set of objects takes the place of the newest. */
export function notRestarted({ good, quarantine }: Extract<Course, { kind: 'rolledBack' }>): string {
  return (
    `generation ${quarantine.generation} is rolled back to the set of generation ${good.generation}, which stays exactly as it ` +
    'was kept; restart its pods with "kubectl rollout restart", or change the spec'
  );
}

export function abandon({ deleting }: Situation, request: Asker): Granted {
  const { by, why } = signed(request);
  if (!deleting) throw new Error('it is not being deleted; delete it first');
  return {
    edit: set(COMMANDS.abandon, { by, ...(why ? { why } : {}) }),
    message: 'the deletion ends without what it waits for',
  };
}

function signed<Request extends Asker>(request: Request): Request {
  if (typeof request?.by !== 'string' || request.by === '')
    throw new Error('"by" says who asks, and is missing');
  return request;
}

/** Epoch milliseconds. */
function future(text: string, field: string, now: number): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`"${field}" is an RFC 3339 time, not "${text}"`);
  if (at <= now) throw new Error(`"${field}" is past: ${text}`);
  return at;
}

function known(plan: Situation['plan'], roles: readonly string[]): void {
  const all = new Set(Object.values(plan?.refs ?? {}).flatMap(({ role }) => role ?? []));
  const odd = roles.find((role) => !all.has(role));
  if (odd !== undefined)
    throw new Error(`there is no role "${odd}"; there are ${[...all].sort().join(', ')}`);
}

function set(name: string, value: object): Edit {
  return { kind: 'set', name, text: JSON.stringify(value) };
}
