import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import type { Running, RunOptions } from '../../../worker/index.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { configured } from '../../support/toy-specs.ts';
import { ToyStage } from '../../support/toy-stage.ts';

describe('several replicas of the program', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
  });
  after(() => stage[Symbol.asyncDispose]());

  function replica(identity: string, options: RunOptions = {}): Promise<Running> {
    const leaderElection = { enabled: true, namespace: stage.namespace };
    return stage.replica({ identity, leaderElection, ...options });
  }

  async function holder(): Promise<string> {
    const { items } = await stage.api.list(
      { group: 'coordination.k8s.io', kind: 'Lease' },
      { namespace: stage.namespace },
    );
    assert.ok(items.length <= 1, 'replicas of one program share one lease');
    const spec = (items[0]?.['spec'] ?? {}) as { readonly holderIdentity?: string };
    return spec.holderIdentity ?? '';
  }

  async function generations(name: string): Promise<readonly (number | undefined)[]> {
    const found = await Promise.all(
      ['c', 'b'].map((node) => stage.api.get(stage.ref('StatefulSet', `${name}-${node}`, 'apps'))),
    );
    return found.map((each) => each?.metadata.generation);
  }

  it('upgrade once what two bridges tell at the same time', async () => {
    const both = await Promise.all(
      ['left', 'right'].map((identity) => replica(identity, { leaderElection: { enabled: false } })),
    );
    await stage.want(TWO_ROLES, 'doubled');
    await stage.ready('doubled');
    for (const round of [2, 3]) {
      await stage.want(configured(TWO_ROLES, `${round}`), 'doubled');
      await stage.ready('doubled');
      assert.deepEqual(await generations('doubled'), [round, round]);
    }
    await Promise.all(both.map((each) => each.stop()));
  });

  it('hand over within three seconds, and tell what happened in between', async () => {
    const first = await replica('first');
    await eventually('the first leads', async () => (await holder()) === 'first');
    const second = await replica('second');
    await stage.want(TWO_ROLES, 'handed');
    await stage.ready('handed');
    const began = performance.now();
    const stopped = first.stop();
    await stage.want(configured(TWO_ROLES, '2'), 'handed');
    await eventually('the second leads', async () => (await holder()) === 'second');
    const tookMs = performance.now() - began;
    assert.ok(tookMs < 3_000, `it took ${tookMs} ms`);
    await stopped;
    await stage.ready('handed');
    assert.deepEqual(await generations('handed'), [2, 2]);
    await stage.want(configured(TWO_ROLES, '3'), 'handed');
    await stage.ready('handed');
    await second.stop();
    assert.equal(await holder(), '');
  });

  it('change leaders without telling those to whom nothing happened', async () => {
    const leader = await replica('leader');
    await eventually('it leads', async () => (await holder()) === 'leader');
    await stage.want(TWO_ROLES, 'shared');
    await stage.ready('shared');
    const follower = await replica('follower');
    const before = await stage.historyLength('shared');
    await leader.stop();
    await eventually('the follower leads', async () => (await holder()) === 'follower');
    await stage.want(TWO_ROLES, 'witness');
    await stage.ready('witness');
    assert.equal(
      await stage.historyLength('shared'),
      before,
      'a hand-over tells nothing to whom nothing happened',
    );
    await follower.stop();
  });
});
