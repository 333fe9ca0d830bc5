/** A restart on demand, as `kubectl rollout restart` does it: a time in the pod templates, so that it rolls out like any change. */

interface Restart {
  readonly at: string;
  /** Absent: all workloads. */
  readonly roles?: readonly string[];
}

const FORMS =
  'a time, for example "2026-12-01T08:00:00Z", or JSON such as {"at":"2026-12-01T08:00:00Z","roles":["broker"]}';

/** @throws Error naming what was expected. */
export function restartIn(text: string): Restart {
  const value: unknown = text.startsWith('{') ? parsed(text) : { at: text };
  if (typeof value !== 'object' || value === null || !('at' in value)) throw new Error(`expected ${FORMS}`);
  const { at } = value;
  const roles = 'roles' in value ? value.roles : undefined;
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) throw new Error(`expected ${FORMS}`);
  if (roles === undefined) return { at };
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string'))
    throw new Error(`"roles" is a list of roles; expected ${FORMS}`);
  return { at, roles };
}

/**
 * When the pods of each role were last asked to restart, RFC 3339; `*` is all roles. It is remembered, so that a restart is
 * carried out once: neither a later restart of another role nor the end of the annotation changes a pod template.
 */
export type Restarts = Readonly<Record<string, string>>;

const ALL_ROLES = '*';

/** The restarts that are remembered, and the one that the annotation asks for; the latest counts. */
export function restartsWith(known: Restarts = {}, annotation: string | undefined): Restarts {
  const asked = askedIn(annotation);
  if (!asked) return known;
  const roles = asked.roles ?? [ALL_ROLES];
  const newer = roles.filter((role) => isLater(asked.at, restartAt(known, role)));
  const entries = [...Object.entries(known), ...newer.map((role) => [role, asked.at] as const)];
  return Object.fromEntries(new Map(entries));
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
  return askedIn(annotation)?.roles ?? [];
}

/** One that cannot be read restarts nothing; `ordersOf` reports it. */
function askedIn(annotation: string | undefined): Restart | undefined {
  const text = annotation?.trim();
  if (!text) return undefined;
  try {
    return restartIn(text);
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`is no JSON; expected ${FORMS}`);
  }
}
