/** A restart on demand, as `kubectl rollout restart` does it: a time in the pod templates, so that it rolls out like any change. */

interface Restart {
  readonly at: string;
  /** Absent: all workloads. */
  readonly roles?: readonly string[];
}

const FORMS =
  'a time, for example "2026-12-01T08:00:00Z", or JSON such as {"at":"2026-12-01T08:00:00Z","roles":["broker"]}';

/** One restart, or a list of them. @throws Error naming what was expected. */
export function restartsIn(text: string): readonly Restart[] {
  const value: unknown = /^[{[]/.test(text) ? parsed(text) : { at: text };
  return Array.isArray(value) ? value.map(restartOf) : [restartOf(value)];
}

function restartOf(value: unknown): Restart {
  if (typeof value !== 'object' || value === null || !('at' in value)) throw new Error(`expected ${FORMS}`);
  const { at } = value;
  const roles = 'roles' in value ? value.roles : undefined;
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) throw new Error(`expected ${FORMS}`);
  if (roles === undefined) return { ...value, at };
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string'))
    throw new Error(`"roles" is a list of roles; expected ${FORMS}`);
  return { ...value, at, roles };
}

/**
 * When the pods of each role were last asked to restart, RFC 3339; `*` is all roles. It is remembered, so that a restart is
 * carried out once: neither a later restart of another role nor the end of the annotation changes a pod template.
 */
export type Restarts = Readonly<Record<string, string>>;

const ALL_ROLES = '*';

/** The restarts that are remembered, and those that the annotation asks for; the latest of each role counts. */
export function restartsWith(known: Restarts = {}, annotation: string | undefined): Restarts {
  return askedIn(annotation).reduce((all, asked) => {
    const newer = rolesOf(asked).filter((role) => isLater(asked.at, restartAt(all, role)));
    const entries = [...Object.entries(all), ...newer.map((role) => [role, asked.at] as const)];
    return newer.length > 0 ? Object.fromEntries(new Map(entries)) : all;
  }, known);
}

/** Those of the annotation that were not carried out, as they stand there. */
export function restartsLeft(annotation: string | undefined, done: Restarts): readonly object[] {
  return askedIn(annotation).filter((asked) =>
    rolesOf(asked).some((role) => isLater(asked.at, restartAt(done, role))),
  );
}

function rolesOf({ roles = [ALL_ROLES] }: Restart): readonly string[] {
  return roles;
}

/** The time that goes into the pod templates of a role; undefined where its pods were never asked to restart. */
export function restartAt(restarts: Restarts, role: string | undefined): string | undefined {
  const all = timeIn(restarts, ALL_ROLES);
  const own = role === undefined ? undefined : timeIn(restarts, role);
  return own !== undefined && isLater(own, all) ? own : all;
}

function timeIn(restarts: Restarts, role: string): string | undefined {
  return Object.hasOwn(restarts, role) ? restarts[role] : undefined;
}

function isLater(at: string, than: string | undefined): boolean {
  return than === undefined || Date.parse(at) > Date.parse(than);
}

/** The roles that the annotation names; none where it means all, or cannot be read. */
export function rolesToRestart(annotation: string | undefined): readonly string[] {
  return askedIn(annotation).flatMap(({ roles = [] }) => roles);
}

/** One that cannot be read restarts nothing; `ordersOf` reports it. */
function askedIn(annotation: string | undefined): readonly Restart[] {
  const text = annotation?.trim();
  if (!text) return [];
  try {
    return restartsIn(text);
  } catch {
    return [];
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`is no JSON; expected ${FORMS}`);
  }
}
