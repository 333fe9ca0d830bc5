/** Runs what authors wrote: gates, hooks, cleanup. Always in a regular activity, so that people see it and can cancel it. */
import { ApplicationFailure } from '@temporalio/common';
import { checkedVerdict } from '../core/operator-answers.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { Dependencies } from './dependencies.ts';
import { contextOf } from './author-context.ts';
import { failureOf, planStale } from './failure.ts';
import { heartbeating } from './heartbeat.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';

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
  const { context, explain, redact } = await contextOf(dependencies, manifest, key);
  try {
    const answer = await gate(context);
    return checkedVerdict(typeof answer === 'string' ? redact(answer) : answer, `gate ${gate.name}`);
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
  const { manifest, rendered, plan: followed } = await readPlanned(dependencies, plan);
  const hook = rendered.objects.get(key)?.planned.desired.options[when];
  if (!hook) throw planStale(`${titleOf(key)} has no such hook any more`);
  const { context, explain } = await contextOf(dependencies, manifest, key);
  const idempotencyKey = `${plan.uid}/${followed.digest.slice(0, 16)}/${plan.generation}/${key}/${when}`;
  await heartbeating(async () => {
    try {
      await hook({ ...context, idempotencyKey });
    } catch (error) {
      throw hookFailed(`hook ${hook.name} of ${titleOf(key)}`, explain(error));
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
  const { context, explain } = await contextOf(dependencies, manifest);
  const { onDelete } = operator;
  await heartbeating(async () => {
    try {
      await onDelete(context);
    } catch (error) {
      throw hookFailed('onDelete', explain(error));
    }
  });
}

function hookFailed(subject: string, why: string): ApplicationFailure {
  return ApplicationFailure.create({ type: OUR_REASONS.HookFailed, message: `${subject} failed: ${why}` });
}
