/** Runs what authors wrote: gates, hooks, cleanup. Always in a regular activity, so that people see it and can cancel it. */
import type { HookRollout } from '../api/operator.ts';
import type { GateReply } from '../core/rollout/fold-passage.ts';
import { checkedVerdict } from '../core/operator-answers.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf, planStale } from './failure.ts';
import { heartbeating, OFTEN_MS } from './heartbeat.ts';
import { failureOfCall, runOperatorCode } from './operator-code.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';

/**
 * Asks the gate of a workload. A gate that throws, or takes too long, is closed, and that is the reason.
 *
 * @throws ApplicationFailure `PlanStale` when the resource is no longer what was planned.
 */
export function checkGate(dependencies: Dependencies, plan: PlanRef, key: ObjectKey): Promise<GateReply> {
  return heartbeating(async () => {
    const { manifest, rendered } = await readPlanned(dependencies, plan);
    const gate = rendered.objects.get(key)?.planned.desired.options.gate;
    if (!gate) throw planStale(`${titleOf(key)} has no gate any more`);
    const call = { subject: `gate ${gate.name}`, kind: 'gate', key, reason: OUR_REASONS.GateFailed } as const;
    try {
      return await runOperatorCode(dependencies, manifest, call, async ({ context, redact, reads }) => {
        const answer = await gate(context);
        const why = checkedVerdict(typeof answer === 'string' ? redact(answer) : answer, `gate ${gate.name}`);
        const read = reads();
        return why !== true && read ? { why, read } : why;
      });
    } catch (error) {
      const failure = failureOfCall(error);
      if (failure) return failure;
      throw error;
    }
  }, OFTEN_MS);
}

export interface HookRequest {
  readonly when: 'before' | 'after';
  readonly rollout: HookRollout;
}

/**
 * Runs a hook of a workload.
 *
 * @throws ApplicationFailure `HookFailed`, or the reason of the API server's refusal; `PlanStale` when the resource is no longer what
 * was planned.
 */
export function runHook(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
  { when, rollout }: HookRequest,
): Promise<void> {
  return heartbeating(async () => {
    const { manifest, rendered, plan: followed } = await readPlanned(dependencies, plan);
    const hook = rendered.objects.get(key)?.planned.desired.options[when];
    if (!hook) throw planStale(`${titleOf(key)} has no such hook any more`);
    const idempotencyKey = `${plan.uid}/${followed.digest.slice(0, 16)}/${plan.generation}/${key}/${when}`;
    const call = { subject: `hook ${hook.name}`, kind: 'hook', key, reason: OUR_REASONS.HookFailed } as const;
    await runOperatorCode(dependencies, manifest, call, ({ context }) =>
      hook({ ...context, idempotencyKey, rollout }),
    );
  }, OFTEN_MS);
}

/**
 * Runs the operator's `onDelete`, before anything of the resource is deleted.
 *
 * @throws ApplicationFailure `HookFailed`, or the reason of the API server's refusal.
 */
export function cleanUp(dependencies: Dependencies, resource: ResourceRef): Promise<void> {
  return heartbeating(async () => {
    const { api, operator } = dependencies;
    const manifest = await api.get(resource).catch((error: unknown) => {
      throw failureOf(error, resource.name);
    });
    const { onDelete } = operator;
    if (!manifest || !onDelete) return;
    const call = { subject: 'onDelete', kind: 'onDelete', reason: OUR_REASONS.HookFailed } as const;
    await runOperatorCode(dependencies, manifest, call, ({ context }) => onDelete(context));
  }, OFTEN_MS);
}
