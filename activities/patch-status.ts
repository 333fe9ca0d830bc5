import { Context } from '@temporalio/activity';
import type { Signed } from '../core/commands/orders.ts';
import { signature } from '../core/commands/orders.ts';
import type { Manifest } from '../core/manifest.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { Terminating } from '../core/finalizers.ts';
import { terminatingOf } from '../core/finalizers.ts';
import { FINALIZER } from '../core/labels.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { StatusSeen } from '../core/rollout/state.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';
import { failureOf } from './failure.ts';
import { isThere, seenStatus, writeStatus } from './write-status.ts';

export interface StatusReport {
  readonly resource: ResourceRef;
  /** Only this resource, and none that took its name. */
  readonly uid: string;
  readonly status: ResourceStatus;
  /** The resource as it was when its status was last written; absent when nobody knows. */
  readonly over?: string;
  /** What happened since the last report. */
  readonly news: readonly News[];
}

/** A status was written, and in how long. */
export interface Written {
  readonly inMs: number;
  /** Absent when the resource is gone. */
  readonly written?: StatusSeen;
}

/** Writes the whole status, and tells the news as events. A resource that is gone needs neither. */
export async function patchStatus(
  dependencies: Dependencies,
  { resource, uid, status, over, news }: StatusReport,
): Promise<Written> {
  const { info } = Context.current();
  const began = performance.now();
  const header = headerOf(resource, uid);
  const metadata = { ...header.metadata, ...(over ? { resourceVersion: over } : {}) };
  let written: StatusSeen | undefined;
  try {
    const object = await writeStatus(dependencies, { ...header, metadata }, status);
    written = seenStatus(object);
    for (const [index, each] of news.entries())
      dependencies.events.record(
        { regarding: object, occurrence: `${info.workflowExecution?.runId} ${info.activityId} ${index}` },
        each.type === 'Warning' ? { ...each, repeats: true } : each,
      );
  } catch (error) {
    if (!isAnother(error) || (await isThere(dependencies.api, header)))
      throw failureOf(error, `status of ${resource.kind} ${resource.name}`);
  }
  return { inMs: Math.round(performance.now() - began), ...(written ? { written } : {}) };
}

/** Lets go of a resource that is being deleted, once nothing of it is left. Answers with what holds it still. */
export async function removeFinalizer(
  { api }: Dependencies,
  resource: ResourceRef,
  uid: string,
): Promise<{ readonly terminating?: Terminating }> {
  const subject = `finalizer of ${resource.kind} ${resource.name}`;
  try {
    const live = await api.get(resource);
    if (live?.metadata.uid !== uid) return {};
    const terminating = terminatingOf(live);
    const index = live.metadata.finalizers?.indexOf(FINALIZER) ?? -1;
    if (index < 0) return terminating ? { terminating } : {};
    const path = `/metadata/finalizers/${index}`;
    await api.patch(resource, [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path, value: FINALIZER },
      { op: 'remove', path },
    ]);
    return terminating ? { terminating } : {};
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return {};
    // A test that failed: somebody else changed the finalizers between the two calls, so look again.
    throw failureOf(
      error instanceof StatusError && error.code === 422
        ? new StatusError(error.message, { code: 409, reason: 'Conflict' })
        : error,
      subject,
    );
  }
}

/** Lets go of a resource that is being deleted although something of it is left, and says so. */
export async function abandonResource(
  dependencies: Dependencies,
  resource: ResourceRef,
  uid: string,
  left: readonly ObjectKey[],
  order: Signed,
): Promise<void> {
  const { info } = Context.current();
  const live = await dependencies.api.get(resource);
  if (live?.metadata.uid === uid)
    dependencies.events.record(
      { regarding: live, occurrence: `${info.workflowExecution?.runId} ${info.activityId}` },
      {
        type: 'Warning',
        reason: OUR_REASONS.Abandoned,
        action: 'Delete',
        note: `deletion abandoned${signature(order)}; left behind: ${left.map(titleOf).join(', ') || 'nothing'}`,
      },
    );
  await removeFinalizer(dependencies, resource, uid);
}

/** The resource is gone, or another took its name: its status is nobody's business any more. */
function isAnother(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === 'NotFound' || error.isAboutAnother);
}

function headerOf({ group, version, kind, namespace, name }: ResourceRef, uid: string): Manifest {
  return {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name, ...(namespace ? { namespace } : {}), uid },
  };
}
