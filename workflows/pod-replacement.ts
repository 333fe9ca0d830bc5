/** Pods of a StatefulSet that are replaced one after the other, each only when the gate of the workload is open. */
import type { PlanRef } from '../activities/index.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { GateReply } from '../core/rollout/fold-passage.ts';
import { closedBy } from '../core/rollout/fold-passage.ts';
import type { PlanView } from '../core/rollout/state.ts';
import type { Unblocked } from '../core/rollout/unblock.ts';
import { author, write } from './activities.ts';

/** Asks a gate, and is answered also when it is not waited for. */
export type Ask = (call: () => Promise<GateReply>) => Promise<GateReply>;

/** Why the gate of a workload does not let the next pod go; undefined when it does, or there is none. */
export async function closedGate(
  planned: PlanRef,
  key: ObjectKey,
  { refs }: PlanView,
  ask: Ask,
): Promise<string | undefined> {
  const gate = refs[key]?.gate;
  if (!gate) return undefined;
  const reply = await ask(() => author(`${titleOf(key)}: gate ${gate}`).checkGate(planned, key));
  if (reply === true) return undefined;
  const { why } = closedBy(reply);
  return typeof reply === 'object' && 'failed' in reply ? why : `gate ${gate}: ${why}`;
}

/** Replaces the pod that holds up a workload. One that is well goes only when the gate says that those before it are, too. */
export async function unblock(
  planned: PlanRef,
  key: ObjectKey,
  plan: PlanView,
  ask: Ask,
): Promise<Unblocked> {
  const { resource, uid } = planned;
  const run = write(`${titleOf(key)}: replace a pod of the old revision that holds up the rollout`);
  const gate = plan.refs[key]?.gate;
  const answer = await run.unblockWorkload(resource, key, uid, ...(gate ? (['unasked'] as const) : []));
  if (answer.replaced || !answer.asksGate) return answer;
  const why = await closedGate(planned, key, plan, ask);
  return why === undefined ? run.unblockWorkload(resource, key, uid) : { replaced: false, why };
}
