/**
 * What people ask of a rollout, as it stands in annotations of the resource: there kubectl, GitOps and a Temporal Update
 * write the same thing, everybody can read it, and it outlives Temporal. Pure; what cannot be read is told and ignored.
 */
import { COMMANDS } from '../labels.ts';
import { titleOf } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import { restartsIn } from './restart.ts';

/** Who asked, and why; where nobody said so, unknown. */
export interface Signed {
  readonly by?: string;
  readonly why?: string;
}

export interface Pause extends Signed {
  /** `all`: nothing is changed at all; `rollouts`: no pod is restarted; else one role or one object. */
  readonly scope: 'all' | 'rollouts' | { readonly role: string } | { readonly object: string };
  /** Epoch milliseconds; absent: until the annotation goes. */
  readonly until?: number;
}

export interface Approval extends Signed {
  /** Of one stage of one plan, as `status.rollout.pendingApprovals` names it; it approves nothing else, ever. */
  readonly token: string;
  /** Epoch milliseconds after which it counts no more. */
  readonly expires?: number;
}

export interface Orders {
  readonly pauses?: readonly Pause[];
  readonly approvals?: readonly Approval[];
  /** Stages that need an approval by the resource's own wish; `all` or roles. */
  readonly approval?: 'all' | readonly string[];
  /** The generation that is not wanted. */
  readonly rollback?: Signed & { readonly generation: number };
  /** What is waited for is tried at once whenever the token is another. */
  readonly retry?: Signed & { readonly token: string };
  /** Lets a deletion end without what it waits for. */
  readonly abandon?: Signed;
  /** Annotations that say nothing we know, each with what was expected. */
  readonly unreadable?: readonly string[];
}

type Annotations = Readonly<Record<string, string>>;

/** @param managers Who last wrote each annotation, where the API server knows it. */
export function ordersOf(annotations: Annotations, managers: Annotations = {}): Orders {
  const unreadable: string[] = [];
  const read = <Value>(name: string, parse: (text: string, signed: Signed) => Value): Value | undefined => {
    const text = annotations[name]?.trim();
    if (!text) return undefined;
    try {
      return parse(text, managers[name] ? { by: managers[name] } : {});
    } catch (error) {
      unreadable.push(`annotation ${name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const pauses = read(COMMANDS.pause, pausesOf) ?? unreadablePause(annotations, managers);
  const orders: Orders = {
    ...present('pauses', pauses),
    ...present('approvals', read(COMMANDS.approve, approvalsOf)),
    ...present('approval', read(COMMANDS.approval, wishOf)),
    ...present('rollback', read(COMMANDS.rollback, rollbackOf)),
    ...present('retry', read(COMMANDS.retry, retryOf)),
    ...present('abandon', read(COMMANDS.abandon, abandonOf)),
  };
  read(COMMANDS.restartedAt, (text) => restartsIn(text));
  return unreadable.length > 0 ? { ...orders, unreadable } : orders;
}

function pausesOf(text: string, signed: Signed): readonly Pause[] {
  if (text === 'true') return [{ scope: 'all', ...signed }];
  if (text === 'rollouts') return [{ scope: 'rollouts', ...signed }];
  if (!isJson(text)) return [{ scope: 'all', until: timeOf(text, PAUSE_FORMS), ...signed }];
  return listOf(text, PAUSE_FORMS).map((each) => {
    const role = textIn(each, 'role');
    const object = textIn(each, 'object');
    const scope = textIn(each, 'scope') ?? 'all';
    if (scope !== 'all' && scope !== 'rollouts')
      throw new Error(`scope is "all" or "rollouts", not "${scope}"`);
    const until = textIn(each, 'until');
    return {
      scope: role ? { role } : object ? { object } : scope,
      ...(until ? { until: timeOf(until, 'an RFC 3339 time in "until"') } : {}),
      ...signatureOf(each, signed),
    };
  });
}

/** Who wrote a pause wants nothing to change, also where it cannot be read: to go on is what cannot be undone. */
function unreadablePause(annotations: Annotations, managers: Annotations): readonly Pause[] | undefined {
  const text = annotations[COMMANDS.pause]?.trim();
  if (!text) return undefined;
  const by = managers[COMMANDS.pause];
  const why = `the annotation ${COMMANDS.pause} cannot be read; expected ${PAUSE_FORMS}`;
  return [{ scope: 'all', ...(by ? { by } : {}), why }];
}

/** The roles and objects that a resource has, by which commands may name them. */
export interface Nameable {
  readonly roles: ReadonlySet<string>;
  readonly keys: ReadonlySet<ObjectKey>;
}

/**
 * The orders against what the resource has. A pause of a role or an object that is not there pauses everything: it was meant
 * to keep something from changing. Other unknown names are reported.
 */
export function checkedOrders(orders: Orders, restartRoles: readonly string[], known: Nameable): Orders {
  const unreadable = [...(orders.unreadable ?? [])];
  const pauses = orders.pauses?.map((pause): Pause => {
    const why = unknownScope(pause, known);
    if (!why) return pause;
    unreadable.push(`annotation ${COMMANDS.pause}: ${why}; everything is paused`);
    return { ...pause, scope: 'all', why };
  });
  const approval = Array.isArray(orders.approval) ? (orders.approval as readonly string[]) : [];
  for (const role of approval.filter((each) => !known.roles.has(each)))
    unreadable.push(`annotation ${COMMANDS.approval}: ${unknownRole(role, known)}`);
  for (const role of restartRoles.filter((each) => !known.roles.has(each)))
    unreadable.push(`annotation ${COMMANDS.restartedAt}: ${unknownRole(role, known)}`);
  return {
    ...orders,
    ...(pauses ? { pauses } : {}),
    ...(unreadable.length > 0 ? { unreadable } : {}),
  };
}

function unknownScope({ scope }: Pause, known: Nameable): string | undefined {
  if (typeof scope !== 'object') return undefined;
  if ('role' in scope) return known.roles.has(scope.role) ? undefined : unknownRole(scope.role, known);
  const { object } = scope;
  const isKnown = known.keys.has(object) || [...known.keys].some((key) => isNamed(key, object));
  return isKnown ? undefined : `there is no object "${object}"; write, for example, StatefulSet/name`;
}

function unknownRole(role: string, { roles }: Nameable): string {
  const all = [...roles].sort().join(', ');
  return `there is no role "${role}"; ${all ? `the roles are ${all}` : 'no workload has a role'}`;
}

/** Whether a person who writes `StatefulSet/name`, or the key itself, names this object. */
export function isNamed(key: ObjectKey, name: string): boolean {
  return key === name || titleOf(key).replace(' ', '/') === name;
}

const PAUSE_FORMS =
  '"true", "rollouts", an RFC 3339 time, or JSON such as {"role":"broker","until":"2026-12-01T08:00:00Z","by":"ann","why":"audit"}';

function approvalsOf(text: string, signed: Signed): readonly Approval[] {
  if (!isJson(text)) {
    const tokens = text.split(/[\s,]+/).filter(Boolean);
    const odd = tokens.find((token) => !/^[0-9a-f]{8}$/.test(token));
    if (odd) throw new Error(`"${odd}" is no token; ${APPROVAL_FORMS}`);
    return tokens.map((token) => ({ token, ...signed }));
  }
  return listOf(text, APPROVAL_FORMS).map((each) => {
    const token = textIn(each, 'token');
    if (!token) throw new Error(`"token" is missing; ${APPROVAL_FORMS}`);
    const expires = textIn(each, 'expires');
    return {
      token,
      ...(expires ? { expires: timeOf(expires, 'an RFC 3339 time in "expires"') } : {}),
      ...signatureOf(each, signed),
    };
  });
}

const APPROVAL_FORMS =
  'expected tokens of status.rollout.pendingApprovals, or JSON such as {"token":"0123abcd","by":"ann","expires":"2026-12-01T08:00:00Z"}';

function wishOf(text: string): 'all' | readonly string[] {
  if (text === 'required') return 'all';
  const roles = text.split(/[\s,]+/).filter(Boolean);
  if (roles.some((role) => !/^[A-Za-z0-9._-]+$/.test(role)))
    throw new Error(`expected "required" or roles, for example "broker,server", not "${text}"`);
  return roles;
}

function rollbackOf(text: string, signed: Signed): NonNullable<Orders['rollback']> {
  const [body] = isJson(text) ? listOf(text, ROLLBACK_FORMS) : [{ generation: text }];
  const generation = Number(body?.['generation']);
  if (!Number.isInteger(generation) || generation < 1) throw new Error(`expected ${ROLLBACK_FORMS}`);
  return { generation, ...signatureOf(body ?? {}, signed) };
}

const ROLLBACK_FORMS =
  'the metadata.generation to leave, for example "5", or JSON such as {"generation":5,"by":"ann","why":"queries fail"}';

function retryOf(text: string, signed: Signed): NonNullable<Orders['retry']> {
  const [body] = isJson(text) ? listOf(text, 'any text, or JSON with "by" and "why"') : [{}];
  return { token: text, ...signatureOf(body ?? {}, signed) };
}

function abandonOf(text: string, signed: Signed): Signed {
  if (text === 'true') return signed;
  if (!isJson(text)) throw new Error(`expected "true", or JSON such as {"by":"ann","why":"backend is gone"}`);
  return signatureOf(listOf(text, 'a JSON object')[0] ?? {}, signed);
}

type Fields = Readonly<Record<string, unknown>>;

function isJson(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[');
}

/** One JSON object, or a list of them. */
function listOf(text: string, expected: string): readonly Fields[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`is no JSON; expected ${expected}`);
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((each) => {
    if (typeof each !== 'object' || each === null) throw new Error(`expected ${expected}`);
    return { ...each };
  });
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw new Error(`"${name}" is a text, not ${JSON.stringify(value)}`);
  return value;
}

/** @throws Error naming what was expected. */
function timeOf(text: string, expected: string): number {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(time)) throw new Error(`"${text}" is not understood; expected ${expected}`);
  return time;
}

function signatureOf(fields: Fields, signed: Signed): Signed {
  const by = textIn(fields, 'by') ?? signed.by;
  const why = textIn(fields, 'why');
  return { ...(by ? { by } : {}), ...(why ? { why } : {}) };
}

function present<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  // The computed name is `Name`, which TypeScript widens to string.
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]: Value });
}

/** `by ann: audit`; empty where nobody said. */
export function signature({ by, why }: Signed): string {
  return [by ? ` by ${by}` : '', why ? `: ${why}` : ''].join('');
}
