import type { Manifest } from '../manifest.ts';
import { groupOf, kindName } from '../refs.ts';
import type { Health, HealthRule } from './health.ts';
import { current, failed, inProgress, suspended } from './health.ts';
import { phrase, read, readCount, readNumber, trueCondition } from './read.ts';
import { withPods } from './workload.ts';

/** Crashes are counted by the Job itself (backoffLimit, podFailurePolicy). */
const JUDGED_BY_THE_JOB: ReadonlySet<string> = new Set(['CrashLoop']);

/**
 * Current when it is complete. A running Job is on its way (kstatus: Current), and SuccessCriteriaMet and FailureTarget are
 * not its end: its pods may still run.
 */
export const job: HealthRule = (object, pods, { now }): Health =>
  withPods(verdictOf(object), {
    pods,
    now,
    isUpdated: () => true,
    replaces: () => false,
    tolerates: JUDGED_BY_THE_JOB,
  });

/** Whether it is complete, and its TTL deletes it. */
export function isSpent(object: Manifest): boolean {
  const kind = kindName({ group: groupOf(object.apiVersion), kind: object.kind });
  if (kind !== 'Job.batch' || readNumber(object, 'spec', 'ttlSecondsAfterFinished') === undefined)
    return false;
  return trueCondition(object, 'Complete') !== undefined;
}

function verdictOf(object: Manifest): Health {
  const succeeded = readCount(object, 'status', 'succeeded');
  const wanted = readNumber(object, 'spec', 'completions') ?? readNumber(object, 'spec', 'parallelism') ?? 1;
  if (trueCondition(object, 'Complete')) return current(`the Job is complete, ${succeeded} pods succeeded`);
  const failure = trueCondition(object, 'Failed');
  if (failure)
    return failed(
      failure.reason || 'JobFailed',
      `the Job failed: ${phrase(failure.message) || failure.reason}`,
    );
  // A condition Suspended stays, as False, after the Job is resumed.
  if (read(object, 'spec', 'suspend') === true) return suspended('the Job is suspended (spec.suspend)');
  const active = readCount(object, 'status', 'active');
  return inProgress('Running', `${succeeded} of ${wanted} pods succeeded, ${active} active`);
}
