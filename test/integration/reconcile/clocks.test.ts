import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { COMMANDS } from '../../../core/labels.ts';
import { toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';
import { configured } from '../../support/toy-specs.ts';
import type { ToyResource } from '../../support/toy-stage.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';
import { eventually } from '../../../testing/eventually.ts';
import { setWallClock } from '../../support/wall-clock.ts';

const HOUR_MS = 3_600_000;
const TEN_DAYS_MS = 240 * HOUR_MS;
function inAnHour(): string {
  return new Date(Date.now() + HOUR_MS).toISOString();
}

/** Of the process in which the whole program runs; the servers keep theirs, and so do workflows. */
describe('a wall clock that jumps', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open((name) => toyOperator({ name, rollout: { bake: '1 hour' } }));
  });
  afterEach(() => setWallClock(0));
  after(() => stage[Symbol.asyncDispose]());

  /** The resource, after a pass that looked at everything anew. */
  async function looked(name: string, token: string): Promise<ToyResource> {
    const before = (await stage.resource(name))?.status?.inventory?.commands;
    await stage.retry(name, token);
    return eventually(`look at ${name}`, async () => {
      const resource = await stage.resource(name);
      // A status that only accepts what is wanted knows of no command.
      const { commands } = resource?.status?.inventory ?? {};
      return commands === undefined || commands === before ? undefined : resource;
    });
  }

  /** As a person gives it, with kubectl. */
  function command(name: string, annotation: string, value: string): Promise<unknown> {
    const metadata = { name, namespace: stage.namespace, annotations: { [annotation]: value } };
    const manifest = { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata };
    return stage.api.apply(manifest, { fieldManager: `a person who says ${annotation.split('/')[1]}` });
  }

  async function generation(name: string): Promise<number | undefined> {
    return (await stage.api.get(stage.ref('StatefulSet', name, 'apps')))?.metadata.generation;
  }

  it('neither ends nor prolongs the time for which a stage is watched: that is the clock of Temporal', async () => {
    await stage.want(TWO_ROLES, 'baked');
    await stage.ready('baked');
    await stage.want(configured(TWO_ROLES, '2'), 'baked');
    await stage.until('it bakes', (said) => conditionOf(said, 'Ready')?.reason === 'Baking', 'baked');
    const message = conditionOf((await stage.resource('baked'))?.status, 'Ready')?.message;
    for (const [token, byMs] of [
      ['ahead', TEN_DAYS_MS],
      ['behind', -TEN_DAYS_MS],
    ] as const) {
      setWallClock(byMs);
      const { status } = await looked('baked', token);
      const { reason, message: said } = conditionOf(status, 'Ready') ?? {};
      assert.deepEqual([reason, said], ['Baking', message]);
      assert.equal(await generation('baked-b'), 1);
    }
  });

  it('ends no pause that has a time', async () => {
    await stage.want(TWO_ROLES, 'paused');
    await stage.ready('paused');
    await command('paused', COMMANDS.pause, inAnHour());
    await stage.want(configured(TWO_ROLES, '2'), 'paused');
    await stage.until('it is paused', (said) => conditionOf(said, 'Ready')?.reason === 'Paused', 'paused');
    setWallClock(TEN_DAYS_MS);
    const { status } = await looked('paused', 'ahead');
    assert.equal(conditionOf(status, 'Ready')?.reason, 'Paused');
    assert.equal(await generation('paused-c'), 1);
  });

  it('lets an approval count until its time', async () => {
    await stage.want(TWO_ROLES, 'approved');
    await stage.ready('approved');
    const expires = inAnHour();
    await command('approved', COMMANDS.approval, 'required');
    await stage.want(configured(TWO_ROLES, '2'), 'approved');
    const { status } = await stage.until(
      'it waits for an approval',
      ({ rollout }) => rollout?.pendingApprovals !== undefined,
      'approved',
    );
    setWallClock(TEN_DAYS_MS);
    const [pending] = status?.rollout?.pendingApprovals ?? [];
    await command('approved', COMMANDS.approve, JSON.stringify({ token: pending?.token, expires }));
    await eventually('its first stage to begin', async () => (await generation('approved-c')) === 2);
  });

  it('keeps nobody from work', async () => {
    for (const [name, byMs] of [
      ['ahead', TEN_DAYS_MS],
      ['behind', -TEN_DAYS_MS],
    ] as const) {
      setWallClock(byMs);
      await stage.want(TWO_ROLES, name);
      await stage.ready(name);
    }
  });
});
