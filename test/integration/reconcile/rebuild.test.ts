import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import { Witness } from '../../faults/witness.ts';
import { Deeds } from '../../support/deeds.ts';
import type { Interrupt } from '../../support/interruptions.ts';
import {
  cancel,
  fail,
  forget,
  mislead,
  resetToBegin,
  resetToLast,
  terminate,
} from '../../support/interruptions.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import { configured, FOUR_ROLES } from '../../support/toy-specs.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

/** The stages of the rollout, and one workload that the upgrade wants no more. */
const BEFORE = { ...FOUR_ROLES, nodes: [...FOUR_ROLES.nodes, { name: 'x', role: 'minion', config: '1' }] };
const AFTER = configured(FOUR_ROLES, '2');

/** A stage whose second gate is closed for the resources that are named. */
class GatedStage implements AsyncDisposable {
  readonly stage: ToyStage;
  readonly witness: Witness;
  readonly deeds: Deeds;
  readonly #closed: Map<string, number>;

  private constructor(stage: ToyStage, closed: Map<string, number>) {
    this.stage = stage;
    this.#closed = closed;
    this.witness = new Witness(stage.api, stage.namespace, FOUR_ROLES.order);
    this.deeds = new Deeds(stage.api, stage.namespace);
  }

  static async open(): Promise<GatedStage> {
    const closed = new Map<string, number>();
    const isThrough = ({
      resource,
      object,
    }: {
      resource: { metadata: { name: string } };
      object?: { name: string };
    }): true | string => {
      const { name } = resource.metadata;
      const asked = closed.get(name);
      if (asked === undefined || !object?.name.endsWith('-broker')) return true;
      closed.set(name, asked + 1);
      return 'the test has not opened it';
    };
    const opened = new GatedStage(
      await ToyStage.open((name) => toyOperator({ name, gate: isThrough })),
      closed,
    );
    await Promise.all([opened.witness.synced, opened.deeds.synced()]);
    return opened;
  }

  asked(name: string): number {
    return this.#closed.get(name) ?? 0;
  }

  /** Half of an upgrade: two stages are applied, and the gate of the second is closed. */
  async halfUpgraded(name: string): Promise<void> {
    const { stage } = this;
    await stage.want(BEFORE, name);
    await stage.ready(name);
    this.#closed.set(name, 0);
    await stage.want(AFTER, name);
    await stage.until(
      'the gate is closed',
      (status) => conditionOf(status, 'Ready')?.reason === 'GateClosed',
      name,
    );
  }

  /** Whoever looks after the resource now comes to the same gate, and passes it when it opens. */
  async goesOn(name: string): Promise<void> {
    const { stage } = this;
    const asked = this.asked(name);
    await stage.retry(name, '1');
    await eventually(`the gate of ${name} is asked again`, () => this.asked(name) > asked);
    assert.equal(await this.generation(`${name}-server`), 1, 'the next stage waits');
    this.#closed.delete(name);
    await stage.retry(name, '2');
    await stage.ready(name);
    await eventually('what is not wanted any more is gone', async () => {
      const gone = await Promise.all([
        stage.api.get(stage.ref('StatefulSet', `${name}-x`, 'apps')),
        stage.api.get(stage.ref('Service', `${name}-x`)),
      ]);
      return gone.every((object) => object === undefined);
    });
  }

  async generation(name: string): Promise<number | undefined> {
    return (await this.stage.api.get(this.stage.ref('StatefulSet', name, 'apps')))?.metadata.generation;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.witness.stop(), this.deeds.stop()]);
    await this.stage[Symbol.asyncDispose]();
  }
}

/** What the upgrade itself asks for, and nothing else, was done. */
async function assertOnlyUpgraded(gated: GatedStage, name: string): Promise<void> {
  const { stage, deeds, witness } = gated;
  const roles = FOUR_ROLES.order;
  assert.deepEqual(witness.violations, []);
  assert.deepEqual(
    deeds.podsMade(`${name}-`),
    Object.fromEntries(
      [...roles.map((role): [string, number] => [`${name}-${role}-0`, 2]), [`${name}-x-0`, 1]].sort() as [
        string,
        number,
      ][],
    ),
    'each pod is replaced once',
  );
  assert.deepEqual(await Promise.all(roles.map((role) => gated.generation(`${name}-${role}`))), [2, 2, 2, 2]);
  await eventually('the former versions are gone', () => deeds.deleted(`${name}-`).length === 7);
  const versions = await Promise.all(roles.map((role) => stage.versionOf(`${name}-${role}-config`)));
  const wanted = [
    ...versions.map(({ metadata }) => `ConfigMap/${metadata.name}`),
    ...roles.flatMap((role) => [`Service/${name}-${role}`, `StatefulSet.apps/${name}-${role}`]),
  ];
  assert.deepEqual(
    deeds.deleted(`${name}-`).filter((each) => wanted.includes(each)),
    [],
    'nothing that is wanted was deleted',
  );
  const { status } = await stage.ready(name);
  assert.equal(status?.memory?.good?.generation, 2);
  assert.equal(status?.memory?.previous?.generation, 1, 'what was good before is remembered');
  assert.deepEqual(
    status?.rollout?.stages.map(({ state }) => state),
    ['Done', 'Done', 'Done', 'Done'],
  );
}

const WAYS: Readonly<Record<string, Interrupt>> = {
  terminated: terminate,
  cancelled: cancel,
  forgotten: forget,
  'reset-to-its-begin': resetToBegin,
  'reset-to-its-last-task': resetToLast,
};

describe('a workflow in the middle of an ordered upgrade', { concurrency: true }, () => {
  let gated: GatedStage;
  before(async () => {
    gated = await GatedStage.open();
  });
  after(() => gated[Symbol.asyncDispose]());

  for (const [name, interrupt] of Object.entries(WAYS))
    it(`that is ${name.replaceAll('-', ' ')} is followed by one that knows all from the cluster`, async () => {
      await gated.halfUpgraded(name);
      const { status } = (await gated.stage.resource(name)) ?? {};
      await gated.stage.temporal((client) => interrupt(client, gated.stage.workflowId(name)));
      await gated.goesOn(name);
      await assertOnlyUpgraded(gated, name);
      const after = await gated.stage.resource(name);
      assert.equal(after?.status?.rollout?.startedAt, status?.rollout?.startedAt, 'it is the same rollout');
    });
});

const ENDS: Readonly<Record<string, typeof fail>> = {
  failed: fail,
  'cannot-be-replayed': mislead,
};

describe('a workflow in the middle of an ordered upgrade', () => {
  for (const [name, end] of Object.entries(ENDS))
    it(`that ${name.replaceAll('-', ' ')} is followed by one that knows all from the cluster`, async () => {
      await using gated = await GatedStage.open();
      const { stage } = gated;
      await gated.halfUpgraded(name);
      await stage.stop();
      await stage.temporal(async (client) => {
        const workflowId = stage.workflowId(name);
        const { runId } = await client.workflow.getHandle(workflowId).describe();
        await end(client, workflowId, stage.taskQueue);
        await stage.start();
        await eventually('it has failed', async () => {
          const { status } = await client.workflow.getHandle(workflowId, runId).describe();
          return status.name === 'FAILED';
        });
      });
      await gated.goesOn(name);
      await assertOnlyUpgraded(gated, name);
    });
});
