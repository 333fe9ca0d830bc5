/**
 * How the workflow calls its activities. Short idempotent reads and the status are local: one marker each. What changes the
 * cluster is regular, so that people see it in Temporal UI and a workflow task that runs again does not run it again.
 */
import type { ActivityInterfaceFor } from '@temporalio/workflow';
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

type Look = Pick<Activities, 'planResource' | 'observeObjects' | 'observeShape' | 'patchStatus'>;
type Author = Pick<Activities, 'checkGate' | 'runHook' | 'cleanUp' | 'runRoutine'>;
type External = Pick<
  Activities,
  'claimExternals' | 'applyExternals' | 'observeExternals' | 'removeExternals'
>;
type Reshape = Pick<
  Activities,
  | 'growClaims'
  | 'releasePods'
  | 'clearPods'
  | 'recreateStatefulSet'
  | 'settleStatefulSet'
  | 'restoreStatefulSets'
>;
type Write = Omit<Activities, keyof Look | keyof Author | keyof External | keyof Reshape>;

/** Temporal UI cuts what is longer. */
const SUMMARY_LENGTH = 190;

/** A look that finds no server gives up soon: the workflow looks again, slowly, with its state intact. */
export function look(summary: string): ActivityInterfaceFor<Look> {
  return proxyLocalActivities<Look>({
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: '20 seconds',
    retry: { initialInterval: '200 milliseconds', maximumInterval: '2 seconds', maximumAttempts: 4 },
    summary: summary.slice(0, SUMMARY_LENGTH),
  });
}

/**
 * Changes the cluster, with a line for people in Temporal UI. An attempt may take longer than the client's own time limit,
 * so that a late write cannot outlive its attempt; one whose worker died is begun anew as soon as its heartbeats stay away.
 */
export function write(summary: string): ActivityInterfaceFor<Write> {
  return proxyActivities<Write>({
    startToCloseTimeout: '60 seconds',
    scheduleToCloseTimeout: '5 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
    summary: summary.slice(0, SUMMARY_LENGTH),
  });
}

/**
 * A step to another shape of a StatefulSet. Pods may be without it meanwhile, so a worker that dies is noticed soon; a late
 * write of it finds another uid and changes nothing.
 */
export function reshaping(summary: string): ActivityInterfaceFor<Reshape> {
  return proxyActivities<Reshape>({
    startToCloseTimeout: '60 seconds',
    scheduleToCloseTimeout: '5 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
    summary: summary.slice(0, SUMMARY_LENGTH),
  });
}

/**
 * Runs an author's code. Its time limit is the policy's, and the activity itself keeps it; its heartbeat tells that it lives, and
 * hears soon of a cancellation. Temporal runs it again where its worker died; where it failed, the workflow does.
 */
export function author(summary: string): ActivityInterfaceFor<Author> {
  return proxyActivities<Author>({
    startToCloseTimeout: '25 hours',
    heartbeatTimeout: '10 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
    summary: summary.slice(0, SUMMARY_LENGTH),
  });
}

/**
 * Calls a server that is not ours. What it answers, or that it does not, is a result; only a worker that dies is a failure,
 * and then somebody else looks first at what it had done.
 */
export function external(summary: string): ActivityInterfaceFor<External> {
  return proxyActivities<External>({
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 10 },
    summary: summary.slice(0, SUMMARY_LENGTH),
  });
}
