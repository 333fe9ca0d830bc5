/** A restart on demand, as `kubectl rollout restart` does it: a time in the pod templates, so that it rolls out like any change. */
import type { Resource } from '../../api/resource.ts';
import { COMMANDS } from '../labels.ts';

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

/** The time that goes into the pod template of a workload; one that cannot be read restarts nothing. */
export function restartOf({ metadata }: Resource, role: string | undefined): string | undefined {
  const text = metadata.annotations?.[COMMANDS.restartedAt]?.trim();
  if (!text) return undefined;
  try {
    const { at, roles } = restartIn(text);
    return !roles || (role !== undefined && roles.includes(role)) ? at : undefined;
  } catch {
    // `ordersOf` tells of it; what cannot be read must not change what is desired.
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
