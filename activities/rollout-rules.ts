import { Cron } from 'croner';
import { invalid } from '../api/invalid.ts';
import type { MaintenanceWindow, Operator, RolloutPolicy } from '../api/operator.ts';
import { DEFAULT_STAGE_DEADLINE } from '../api/operator.ts';
import type { Resource } from '../api/resource.ts';
import type { RolloutRules, Window } from '../core/rollout/rules.ts';
import { policyDuration } from './durations.ts';
import { timeLimitsIn } from './time-limits.ts';

/** The policy of an operator for one resource, in numbers. */
export interface ResolvedRules {
  readonly stageDeadlineMs: number;
  readonly firstInstall: 'parallel' | 'ordered';
  readonly rules: RolloutRules;
}

/** A workflow is planned again when the last of them is over. */
const WINDOWS_AHEAD = 3;

/**
 * @param now epoch milliseconds.
 * @throws InvalidResource naming the field of the policy that means nothing.
 */
export function rolloutRules(operator: Operator, resource: Resource, now: number): ResolvedRules {
  const policy = operator.rollout(resource);
  const { deadline = DEFAULT_STAGE_DEADLINE, firstInstall = 'parallel', approval, windows } = policy;
  const bakeMs = bakesOf(policy.bake);
  // They are kept where the code runs; a mistake in them is told before anything begins.
  timeLimitsIn(policy);
  return {
    stageDeadlineMs: policyDuration(deadline, 'rollout.deadline', { leastMs: 1 }),
    firstInstall,
    rules: {
      ...(Object.keys(bakeMs).length > 0 ? { bakeMs } : {}),
      ...(approval ? { approval: approval === 'required' ? 'all' : approval } : {}),
      ...(windows
        ? {
            windows: windows.flatMap((window, index) =>
              nextWindows(window, `rollout.windows[${index}]`, now),
            ),
          }
        : {}),
      ...(policy.onDeadline === 'rollback' ? { rollsBack: true as const } : {}),
    },
  };
}

function bakesOf(bake: RolloutPolicy['bake'] = {}): Record<string, number> {
  if (typeof bake === 'string') return { '*': policyDuration(bake, 'rollout.bake') };
  return Object.fromEntries(
    Object.entries(bake).map(([role, text]) => [role, policyDuration(text, `rollout.bake.${role}`)]),
  );
}

/** The window that is open at `now`, if one is, and those after it. */
function nextWindows(window: MaintenanceWindow, field: string, now: number): readonly Window[] {
  const length = policyDuration(window.duration, `${field}.duration`, { leastMs: 1 });
  const opens = cronOf(window, field).nextRuns(WINDOWS_AHEAD, new Date(now - length));
  if (opens.length === 0)
    throw invalid(
      `${field}.schedule`,
      `"${window.schedule}" never opens; write one that does, or leave it out`,
    );
  return opens.map((date) => ({
    opens: date.getTime(),
    closes: date.getTime() + length,
    ...(window.for ? { for: window.for } : {}),
  }));
}

function cronOf({ schedule, timeZone = 'UTC' }: MaintenanceWindow, field: string): Cron {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw invalid(
      `${field}.timeZone`,
      `"${timeZone}" is no IANA time zone; write, for example, Europe/Berlin`,
    );
  }
  // A date would be taken, too, and would be a window that never opens when it is past.
  if (schedule.trim().split(/\s+/).length !== 5)
    throw invalid(`${field}.schedule`, `"${schedule}" is no cron schedule of five fields`);
  try {
    return new Cron(schedule, { timezone: timeZone, paused: true, mode: '5-part' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalid(`${field}.schedule`, `"${schedule}" is no cron schedule of five fields (${why})`);
  }
}
