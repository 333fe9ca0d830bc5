/** How a resource wants to be rolled out, in numbers: the operator's policy as it applies to one resource. */

/** What began a rollout. */
export type Trigger = 'Install' | 'Change' | 'Configuration' | 'Restart' | 'Runtime' | 'Rollback';

/** A time in which disruption is welcome, in epoch milliseconds. */
export interface Window {
  readonly opens: number;
  readonly closes: number;
  /** Absent: for every trigger. */
  readonly for?: readonly Trigger[];
}

/** Which workloads a rule is about. */
export type Roles = 'all' | readonly string[];

export interface RolloutRules {
  /** How long a stage is watched once it is Current, by role; `*` for those that are not named. Milliseconds. */
  readonly bakeMs?: Readonly<Record<string, number>>;
  /** Stages that begin only when somebody approved. */
  readonly approval?: Roles;
  /** The next windows, earliest first; absent: it is always open. */
  readonly windows?: readonly Window[];
  /** A stage that is past its deadline takes the whole rollout back. */
  readonly rollsBack?: true;
}

export const NO_RULES: RolloutRules = {};

export function includes(roles: Roles | undefined, role: string | undefined): boolean {
  return roles === 'all' || (role !== undefined && (roles?.includes(role) ?? false));
}

/** Whether a window for the trigger is open at `now`; and when the next one opens, where one is known. */
export function windowAt(
  { windows }: RolloutRules,
  trigger: Trigger,
  now: number,
): { readonly open: boolean; readonly opens?: number } {
  const mine = windows?.filter((window) => window.for?.includes(trigger) ?? true);
  if (!mine || mine.length === 0) return { open: windows === undefined || trigger === 'Rollback' };
  if (mine.some(({ opens, closes }) => opens <= now && now < closes)) return { open: true };
  const next = mine.map(({ opens }) => opens).filter((opens) => opens > now);
  return { open: false, ...(next.length > 0 ? { opens: Math.min(...next) } : {}) };
}
