import type { RoutineAnswer, RoutineContext } from '../api/routine.ts';
import { MOST_ROUTINE_STATE } from '../api/routine.ts';
import { bounded } from '../core/bounded-text.ts';
import { checkedRoutineAnswer, InvalidAnswer } from '../core/operator-answers.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ResourceRef } from '../core/refs.ts';
import type { RoutineOutcome } from '../core/rollout/routine.ts';
import { readStatus } from '../core/status/read-status.ts';
import type { Dependencies } from './dependencies.ts';
import { intervalOf } from './durations.ts';
import { failureOf, planStale } from './failure.ts';
import { heartbeating, OFTEN_MS } from './heartbeat.ts';
import { runOperatorCode } from './operator-code.ts';
import { cachedAsPlanned, readResource } from './read-resource.ts';

export interface RoutineRequest {
  readonly resource: ResourceRef;
  readonly uid: string;
  readonly generation: number;
  /** `askedFingerprint` of what the plan was made from; absent where it was empty. */
  readonly asked?: string;
  /** What the last run answered, where the workflow knows it; else the status does. */
  readonly last?: unknown;
}

/**
 * Runs the routine of a resource once.
 *
 * @throws ApplicationFailure `RoutineFailed`; `PlanStale` when the resource is no longer what was planned.
 */
export function runRoutine(dependencies: Dependencies, request: RoutineRequest): Promise<RoutineOutcome> {
  return heartbeating(() => runOnce(dependencies, request), OFTEN_MS);
}

async function runOnce(
  dependencies: Dependencies,
  { last, ...ref }: RoutineRequest,
): Promise<RoutineOutcome> {
  const { resource, uid, generation } = ref;
  const { routine } = dependencies.operator;
  const manifest =
    cachedAsPlanned(dependencies, ref) ??
    (await readResource(dependencies, resource).catch((error: unknown) => {
      throw failureOf(error, resource.name);
    }));
  if (!routine || manifest?.metadata.uid !== uid || manifest.metadata.generation !== generation)
    throw planStale('the resource changed before its routine ran');
  const known = last ?? readStatus(manifest).routine;
  const call = { subject: 'routine', kind: 'routine', reason: OUR_REASONS.RoutineFailed } as const;
  return runOperatorCode(dependencies, manifest, call, async ({ context, redact, reads }) => {
    const given: RoutineContext = { ...context, ...(known === undefined ? {} : { last: known }) };
    const outcome = outcomeOf(redacted(await routine.run(given), redact));
    const read = 'trouble' in outcome ? reads() : undefined;
    return { ...outcome, ...(read ? { read } : {}) };
  });
}

function outcomeOf({ state, again, trouble }: RoutineAnswer<unknown>): RoutineOutcome {
  const size = Buffer.byteLength(JSON.stringify(state) ?? '');
  if (size > MOST_ROUTINE_STATE)
    throw new InvalidAnswer(`it answered ${size} bytes of state; keep it below ${MOST_ROUTINE_STATE}`);
  const againMs = again === undefined ? undefined : intervalOf(again, 'again');
  return {
    state,
    ...(againMs === undefined ? {} : { againMs }),
    ...(trouble ? { trouble: { ...trouble, message: bounded(trouble.message) } } : {}),
  };
}

/** @throws InvalidAnswer when the answer is none, or JSON cannot hold it. */
function redacted(answer: unknown, redact: (text: string) => string): RoutineAnswer<unknown> {
  const text = JSON.stringify(checkedRoutineAnswer(answer), (_, value: unknown) =>
    typeof value === 'string' ? redact(value) : value,
  );
  return JSON.parse(text) as RoutineAnswer<unknown>;
}
