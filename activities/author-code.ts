/** Runs what authors wrote: gates, hooks, cleanup. Always in a regular activity, so that people see it and can cancel it. */
import { Context as ActivityContext } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Context } from '../api/operator.ts';
import type { Manifest } from '../core/manifest.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { Dependencies } from './dependencies.ts';
import { explain, failureOf, planStale } from './failure.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';
import { asResource } from './renderer.ts';

/**
 * Asks the gate of a workload. A gate that throws is closed, and its error is the reason.
 *
 * @throws ApplicationFailure `PlanStale` when the resource is no longer what was planned.
 */
export async function checkGate(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
): Promise<true | string> {
  const { manifest, rendered } = await readPlanned(dependencies, plan);
  const gate = rendered.objects.get(key)?.planned.desired.options.gate;
  if (!gate) throw planStale(`${titleOf(key)} has no gate any more`);
  const context = await contextOf(dependencies, manifest, key);
  try {
    return await gate(context);
  } catch (error) {
    return `gate ${gate.name} failed: ${explain(error)}`;
  }
}

/**
 * Runs a hook of a workload.
 *
 * @throws ApplicationFailure `HookFailed`, retried by Temporal; `PlanStale` when the resource is no longer what was planned.
 */
export async function runHook(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
  when: 'before' | 'after',
): Promise<void> {
  const { manifest, rendered } = await readPlanned(dependencies, plan);
  const hook = rendered.objects.get(key)?.planned.desired.options[when];
  if (!hook) throw planStale(`${titleOf(key)} has no such hook any more`);
  const context = await contextOf(dependencies, manifest, key);
  await heartbeating(async () => {
    try {
      await hook(context);
    } catch (error) {
      throw hookFailed(`hook ${hook.name} of ${titleOf(key)}`, error);
    }
  });
}

/** Runs the operator's `onDelete`, before anything of the resource is deleted. */
export async function cleanUp(dependencies: Dependencies, resource: ResourceRef): Promise<void> {
  const { api, operator } = dependencies;
  const manifest = await api.get(resource).catch((error: unknown) => {
    throw failureOf(error, resource.name);
  });
  if (!manifest || !operator.onDelete) return;
  const context = await contextOf(dependencies, manifest);
  const { onDelete } = operator;
  await heartbeating(async () => {
    try {
      await onDelete(context);
    } catch (error) {
      throw hookFailed('onDelete', error);
    }
  });
}

function hookFailed(subject: string, error: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: OUR_REASONS.HookFailed,
    message: `${subject} failed: ${explain(error)}`,
  });
}

async function contextOf(dependencies: Dependencies, resource: Manifest, key?: ObjectKey): Promise<Context> {
  const { api, events, log } = dependencies;
  const { info, cancellationSignal } = ActivityContext.current();
  const ref = key === undefined ? undefined : parseObjectKey(key, resource.metadata.namespace);
  const live = ref ? await api.get(ref) : undefined;
  const told = { resource: resource.metadata.name, ...(key ? { object: key } : {}) };
  let count = 0;
  return {
    resource: asResource(resource),
    ...(ref && live ? { object: { kind: ref.kind, name: ref.name, manifest: live } } : {}),
    signal: cancellationSignal,
    log: {
      info: (message, fields) => log.info({ ...told, ...fields }, message),
      warn: (message, fields) => log.warn({ ...told, ...fields }, message),
    },
    event: (type, reason, note) =>
      events.record(
        { regarding: resource, occurrence: `${info.workflowExecution?.runId} ${info.activityId} ${count++}` },
        { type, reason, action: 'Hook', note },
      ),
  };
}

const HEARTBEAT_MS = 5_000;

/** A worker that dies in the middle is noticed within the heartbeat timeout, and the hook runs again elsewhere. */
async function heartbeating(work: () => Promise<void>): Promise<void> {
  const { heartbeat } = ActivityContext.current();
  const beat = setInterval(() => heartbeat(), HEARTBEAT_MS);
  try {
    await work();
  } finally {
    clearInterval(beat);
  }
}
