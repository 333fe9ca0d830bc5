import { ApplicationFailure } from '@temporalio/common';
import { Context as ActivityContext } from '@temporalio/activity';
import ms from 'ms';
import type { ObjectReference } from '../api/operator.ts';
import type { RoutineAnswer, RoutineContext } from '../api/routine.ts';
import { MOST_ROUTINE_STATE } from '../api/routine.ts';
import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { isScalable } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ResourceRef } from '../core/refs.ts';
import { groupOf, versionOf } from '../core/refs.ts';
import type { RoutineOutcome } from '../core/rollout/routine.ts';
import { scalerOf } from '../core/scalers.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { contextOf } from './author-context.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf, planStale } from './failure.ts';
import { findScalers } from './find-scalers.ts';
import { heartbeating } from './heartbeat.ts';
import { readResource } from './read-resource.ts';

export interface RoutineRequest {
  readonly resource: ResourceRef;
  readonly uid: string;
  readonly generation: number;
  /** What the last run answered, where the workflow knows it; else the status does. */
  readonly last?: unknown;
}

/**
 * Runs the routine of a resource once.
 *
 * @throws ApplicationFailure `RoutineFailed`; `PlanStale` when the resource is no longer what was planned.
 */
export async function runRoutine(
  dependencies: Dependencies,
  { resource, uid, generation, last }: RoutineRequest,
): Promise<RoutineOutcome> {
  const { routine } = dependencies.operator;
  const manifest = await readResource(dependencies, resource, { uid, generation, resourceVersion: '' }).catch(
    (error: unknown) => {
      throw failureOf(error, resource.name);
    },
  );
  if (!routine || manifest?.metadata.uid !== uid || manifest.metadata.generation !== generation)
    throw planStale('the resource changed before its routine ran');
  const { context, explain, redact } = await contextOf(dependencies, manifest);
  const scale = new Scaling(dependencies, manifest);
  const known = last ?? (manifest['status'] as Partial<ResourceStatus> | undefined)?.routine;
  const given: RoutineContext = {
    ...context,
    ...(known === undefined ? {} : { last: known }),
    scale: (target, replicas) => scale.scale(target, replicas),
    release: (target) => scale.release(target),
  };
  const answer = await heartbeating(async () => {
    try {
      return redacted(await routine.run(given), redact);
    } catch (error) {
      throw routineFailed(explain(error));
    }
  });
  return outcomeOf(answer);
}

function outcomeOf({ state, again, trouble }: RoutineAnswer<unknown>): RoutineOutcome {
  const size = Buffer.byteLength(JSON.stringify(state) ?? '');
  if (size > MOST_ROUTINE_STATE)
    throw routineFailed(`it answered ${size} bytes of state; keep it below ${MOST_ROUTINE_STATE}`);
  const againMs = again === undefined ? undefined : ms(again as ms.StringValue);
  if (againMs !== undefined && !(againMs > 0))
    throw routineFailed(`it answered again: "${again}", which is no duration such as "30 seconds"`);
  return { state, ...(againMs === undefined ? {} : { againMs }), ...(trouble ? { trouble } : {}) };
}

function redacted(answer: RoutineAnswer<unknown>, redact: (text: string) => string): RoutineAnswer<unknown> {
  const text = JSON.stringify(answer, (_, value: unknown) =>
    typeof value === 'string' ? redact(value) : value,
  );
  return JSON.parse(text) as RoutineAnswer<unknown>;
}

function routineFailed(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: OUR_REASONS.RoutineFailed, message, nonRetryable: true });
}

/** Scales in the name of a resource: the workload says who does it, before it is done. */
class Scaling {
  readonly #dependencies: Dependencies;
  readonly #resource: Manifest;

  constructor(dependencies: Dependencies, resource: Manifest) {
    this.#dependencies = dependencies;
    this.#resource = resource;
  }

  async scale(target: ObjectReference, replicas: number): Promise<void> {
    const { api, operator } = this.#dependencies;
    const title = `${target.kind} ${target.name}`;
    if (!Number.isInteger(replicas) || replicas < 0)
      throw new Error(`${title} cannot have ${replicas} replicas; ask for a whole number of them`);
    const live = await this.#read(target);
    if (!live) throw new Error(`${title} is not there, and cannot be scaled`);
    if (!isScalable(live))
      throw new Error(`${title} cannot be scaled: it is no Deployment and no StatefulSet`);
    const scaler = scalerOf(live, await findScalers(this.#dependencies, live.metadata.namespace));
    if (scaler && scaler !== this.#name)
      throw new Error(`${title} is scaled by ${scaler}; let one of the two go`);
    if (!scaler) await this.#say(live, this.#name);
    await api.scale(this.#refOf(target), replicas, {
      fieldManager: `${operator.name}-scale`,
      signal: signal(),
    });
  }

  async release(target: ObjectReference): Promise<void> {
    const live = await this.#read(target);
    if (live?.metadata.annotations?.[ANNOTATIONS.scaledBy] === this.#name) await this.#say(live, undefined);
  }

  /** As people read it on the workload: `PinotAutoscaler pinot`. */
  get #name(): string {
    return `${this.#resource.kind} ${this.#resource.metadata.name}`;
  }

  async #say({ apiVersion, kind, metadata }: Manifest, who: string | undefined): Promise<void> {
    const { api, operator } = this.#dependencies;
    const { name, namespace, uid } = metadata;
    const annotations = who === undefined ? {} : { [ANNOTATIONS.scaledBy]: who };
    const place = { ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
    await api.apply(
      { apiVersion, kind, metadata: { name, ...place, annotations } },
      { fieldManager: `${operator.name}-scale`, signal: signal() },
    );
  }

  #read(target: ObjectReference): Promise<Manifest | undefined> {
    return this.#dependencies.api.get(this.#refOf(target), { signal: signal() });
  }

  #refOf({ apiVersion, kind, name, namespace }: ObjectReference): Parameters<Dependencies['api']['get']>[0] {
    const place = namespace ?? this.#resource.metadata.namespace;
    return {
      group: groupOf(apiVersion),
      version: versionOf(apiVersion),
      kind,
      ...(place ? { namespace: place } : {}),
      name,
    };
  }
}

function signal(): AbortSignal {
  return ActivityContext.current().cancellationSignal;
}
