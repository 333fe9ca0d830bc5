/** The steps of giving a StatefulSet another shape, taken by hand: real activities and a real API server, no workflow. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Activities, PlanRef, ShapeAnswer } from '../../activities/index.ts';
import { createActivities, createDigestKey, createRenderer, servedScopes } from '../../activities/index.ts';
import type { Manifest } from '../../core/manifest.ts';
import { STATUS_REASONS } from '../../core/reasons.ts';
import type { ObjectKey } from '../../core/refs.ts';
import type { KubernetesApi } from '../../kubernetes/api.ts';
import { RefusedReads } from '../../activities/refused-reads.ts';
import { Revisions } from '../../activities/revisions.ts';
import type { ToyStage } from './toy-stage.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const MOST_STEPS = 200;

export class ReshapeStage {
  readonly key: ObjectKey;
  readonly #stage: ToyStage;
  readonly #resource: string;

  /** Of one workload of a resource whose program does not run. */
  constructor(stage: ToyStage, resource: string, node: string) {
    this.#stage = stage;
    this.#resource = resource;
    this.key = `StatefulSet.apps/${resource}-${node}`;
  }

  /** Step by step, until nothing is left or something is refused. */
  async run(api: KubernetesApi): Promise<Extract<ShapeAnswer, { kind: 'done' | 'refuse' }>> {
    const plan = await this.plan();
    const activities = this.activities(api);
    for (let count = 0; count < MOST_STEPS; count++) {
      const answer = await this.#run(() => activities.observeShape(plan, this.key));
      if (answer.kind === 'done' || answer.kind === 'refuse') return answer;
      if (answer.kind === 'wait') await sleep(100);
      else {
        const result = await this.#act(activities, plan, answer);
        if (!result.done) return { kind: 'refuse', reason: result.reason, message: result.message };
      }
    }
    throw new Error(`${this.key} has no end of steps`);
  }

  /** Replaces the pods that hold the workload up, one after the other, until none does. */
  async replacePods(api: KubernetesApi): Promise<void> {
    const { resource, uid } = await this.plan();
    const activities = this.activities(api);
    for (let count = 0; count < MOST_STEPS; count++) {
      const answer = await this.#run(() => activities.unblockWorkload(resource, this.key, uid));
      if (!answer.replaced && answer.why === '') return;
      await sleep(100);
    }
    throw new Error(`${this.key} has no end of pods`);
  }

  activities(api: KubernetesApi): Activities {
    const { operator, namespace } = this.#stage;
    const digestKey = createDigestKey({ api, operator: operator.name, namespace });
    return createActivities({
      operator,
      api,
      renderer: createRenderer(operator, digestKey, servedScopes(api)),
      revisions: new Revisions(api, operator.name),
      digestKey,
      events: { record() {}, flush: () => Promise.resolve() },
      refusedReads: new RefusedReads(),
      log: SILENT,
    });
  }

  async plan(): Promise<PlanRef> {
    const resource = await this.#stage.resource(this.#resource);
    assert.ok(resource, `Toy ${this.#resource} exists`);
    const { uid = '', generation = 0, namespace, name } = resource.metadata;
    const place = namespace ? { namespace } : {};
    return {
      resource: { group: 'toy.dev', version: 'v1', kind: 'Toy', plural: 'toys', ...place, name },
      uid,
      generation,
    };
  }

  restore(api: KubernetesApi): Promise<unknown> {
    return this.#run(async () => {
      const { resource, uid } = await this.plan();
      return this.activities(api).restoreStatefulSets(resource, [this.key], uid);
    });
  }

  async live(): Promise<Manifest | undefined> {
    const name = this.key.slice(this.key.indexOf('/') + 1);
    return this.#stage.api.get(this.#stage.ref('StatefulSet', name, 'apps'));
  }

  #act(
    activities: Activities,
    plan: PlanRef,
    answer: Exclude<ShapeAnswer, { kind: 'done' | 'refuse' | 'wait' }>,
  ): ReturnType<Activities['growClaims']> {
    const { key } = this;
    return this.#run(() => {
      switch (answer.kind) {
        case 'grow':
          return activities.growClaims(plan, key, answer.claims);
        case 'release':
        case 'replace':
          return activities.releasePods(plan, key, answer.uid);
        case 'clear':
          return activities.clearPods(plan, key, answer.pods);
        case 'recreate':
          return activities.recreateStatefulSet(plan, key);
        case 'settle':
          return activities.settleStatefulSet(plan, key, false);
        case 'restart':
          return activities.restartPod(plan.resource, key, { name: answer.pod, uid: answer.uid });
      }
    });
  }

  /** A controller wrote in between: Temporal runs it again, as it does here. */
  async #run<Result>(activity: () => Promise<Result>): Promise<Result> {
    const info = { attempt: 1, startToCloseTimeoutMs: 60_000 };
    const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
    try {
      return await environment.run(activity);
    } catch (error) {
      if (!(error instanceof ApplicationFailure) || error.type !== STATUS_REASONS.Conflict) throw error;
      return this.#run(activity);
    }
  }
}
