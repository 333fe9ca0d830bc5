import type { Manifest } from '../manifest.ts';
import { groupOf, kindName } from '../refs.ts';
import { read, readCount, readNumber, trueCondition } from './read.ts';

/** Whether a workload has fewer pods than it asks for, of a kind whose controller says why by events alone. */
export function lacksPods(workload: Manifest): boolean {
  const { apiVersion, kind } = workload;
  switch (kindName({ group: groupOf(apiVersion), kind })) {
    case 'StatefulSet.apps':
      return readCount(workload, 'status', 'replicas') < (readNumber(workload, 'spec', 'replicas') ?? 1);
    case 'DaemonSet.apps':
      return (
        readCount(workload, 'status', 'currentNumberScheduled') <
        readCount(workload, 'status', 'desiredNumberScheduled')
      );
    case 'Job.batch':
      return isRunning(workload) && readCount(workload, 'status', 'active') < podsAtOnce(workload);
    default:
      return false;
  }
}

function isRunning(job: Manifest): boolean {
  return (
    read(job, 'spec', 'suspend') !== true && !trueCondition(job, 'Complete') && !trueCondition(job, 'Failed')
  );
}

function podsAtOnce(job: Manifest): number {
  const parallelism = readNumber(job, 'spec', 'parallelism') ?? 1;
  const left = (readNumber(job, 'spec', 'completions') ?? Infinity) - readCount(job, 'status', 'succeeded');
  return Math.min(parallelism, left);
}
