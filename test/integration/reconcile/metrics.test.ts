import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../../core/labels.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { Running } from '../../../worker/index.ts';
import { configured } from '../../support/toy-specs.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const CRASHING = {
  ...TWO_ROLES,
  nodes: TWO_ROLES.nodes.map((node) => ({ ...node, image: 'example.org/toy:crash' })),
};

describe('metrics of resources', () => {
  let stage: ToyStage;
  let running: Running;
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
    running = await stage.replica({ healthPort: 0 });
  });
  after(async () => {
    await running?.stop();
    await stage?.[Symbol.asyncDispose]();
  });

  /** How resources stand, as Prometheus would read it; by name with labels, without those of the operator. */
  async function standing(of = running): Promise<Readonly<Record<string, number>>> {
    const answer = await fetch(`http://127.0.0.1:${of.healthPort}/metrics`);
    const lines = (await answer.text()).split('\n');
    const samples = lines.flatMap((line) => {
      const [, name = '', labels = '', value = ''] =
        /^durable_operator_((?:resources_|rollouts_|oldest_)\w+)\{operator="[^"]+"(?:,([^}]*))?\} (\S+)$/.exec(
          line,
        ) ?? [];
      return name ? [[`${name}{${labels}}`, Number(value)] as const] : [];
    });
    return Object.fromEntries(samples);
  }

  async function annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
    await stage.api.patch(stage.ref('Toy', name, 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: annotations },
    ]);
  }

  const ALL = {
    'resources_by_state{state="ready",reason="Reconciled"}': 1,
    'resources_by_state{state="reconciling",reason="AwaitingApproval"}': 1,
    'resources_by_state{state="reconciling",reason="Paused"}': 1,
    'resources_by_state{state="stalled",reason="WorkloadFailed"}': 1,
    'rollouts_halted{reason="WorkloadFailed"}': 1,
    'rollouts_awaiting_approval{reason="AwaitingApproval"}': 1,
    'resources_paused{}': 1,
    'oldest_unobserved_generation_seconds{}': 0,
  };

  it('tell which are ready, halted, paused or wait for an approval', async () => {
    const names = ['ready', 'crashed', 'waiting', 'paused'];
    await Promise.all(names.map((name) => stage.want(TWO_ROLES, name)));
    await Promise.all(names.map((name) => stage.ready(name)));
    await annotate('waiting', { [COMMANDS.approval]: 'required' });
    await annotate('paused', { [COMMANDS.pause]: 'true' });
    await stage.want(CRASHING, 'crashed');
    await stage.want(configured(TWO_ROLES, 'x'), 'waiting');
    await stage.want(configured(TWO_ROLES, 'x'), 'paused');
    await stage.stalled('WorkloadFailed', 'crashed');
    for (const [name, reason] of Object.entries({ waiting: 'AwaitingApproval', paused: 'Paused' }))
      await stage.until(`${name} is held`, (status) => conditionOf(status, 'Ready')?.reason === reason, name);
    await eventually('the bridge has heard of all', async () => {
      const seen = await standing();
      return Object.entries(ALL).every(([line, value]) => seen[line] === value);
    });
    assert.deepEqual(await standing(), ALL);
  });

  it('are the same after a restart, and a bridge that follows tells none', async () => {
    await running.stop();
    running = await stage.replica({ healthPort: 0 });
    assert.deepEqual(await standing(), ALL);
    const leaderElection = { enabled: true, namespace: stage.namespace };
    const follower = (identity: string): Promise<Running> =>
      stage.replica({ leaderElection, healthPort: 0, identity });
    const [one, other] = [await follower('one'), await follower('other')];
    try {
      await eventually('one leads', async () => Object.keys(await standing(one)).length > 0);
      assert.deepEqual(await standing(one), ALL);
      assert.deepEqual(await standing(other), {});
    } finally {
      await Promise.all([one.stop(), other.stop()]);
    }
  });

  it('tell that a generation is taken up by nobody, and for how long', async () => {
    await running.stop();
    running = await stage.replica({ role: 'bridge', healthPort: 0 });
    await stage.want(configured(TWO_ROLES, 'y'), 'ready');
    const oldest = 'oldest_unobserved_generation_seconds{}';
    const first = await eventually('it is told', async () => (await standing())[oldest] || undefined);
    await eventually('it grows', async () => ((await standing())[oldest] ?? 0) > first);
    assert.equal((await standing())['resources_by_state{state="reconciling",reason="NotObserved"}'], 1);
    await running.stop();
    running = await stage.replica({ healthPort: 0 });
    await stage.ready('ready');
    await eventually('nothing is left', async () => (await standing())[oldest] === 0);
  });
});
