/** An author's routine on real servers: what it knows and when it runs next outlive the program. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Operator, RoutineAnswer, RoutineContext } from '../../../index.ts';
import { customResource, defineOperator } from '../../../index.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

interface Count {
  readonly runs: number;
}

interface Run {
  readonly resource: string;
  readonly at: number;
  readonly last: Count | undefined;
}

const runs: Run[] = [];
/** What a run of each resource comes to; the nth answer for the nth run, the last one from then on. */
const script = new Map<string, (() => Omit<RoutineAnswer<Count>, 'state'>)[]>();
const deleted: string[] = [];

function count({ resource, last }: RoutineContext<ToySpec, Count>): RoutineAnswer<Count> {
  const { name } = resource.metadata;
  runs.push({ resource: name, at: Date.now(), last });
  const answers = script.get(name) ?? [];
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  return { state: { runs: (last?.runs ?? 0) + 1 }, ...answer?.() };
}

function operatorNamed(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired: () => [],
    routine: { every: ({ spec }) => spec.nodes[0]?.config, run: count },
    onDelete: ({ resource }) => void deleted.push(resource.metadata.name),
  });
}

describe('a routine', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open(operatorNamed);
  });
  after(() => stage[Symbol.asyncDispose]());

  const every = (name: string, interval?: string): Promise<unknown> =>
    stage.want({ order: [], nodes: interval ? [{ name: 'n', role: 'r', config: interval }] : [] }, name);
  const runsOf = (name: string): readonly Run[] => runs.filter(({ resource }) => resource === name);
  const hasRun = (name: string, times: number): Promise<unknown> =>
    eventually(`${name} has run ${times} times`, () => Promise.resolve(runsOf(name).length >= times));

  it('runs again and again, is given what it answered last, and the status shows it', async () => {
    await every('often', '1 second');
    await hasRun('often', 3);
    assert.deepEqual(
      runsOf('often')
        .slice(0, 3)
        .map(({ last }) => last?.runs),
      [undefined, 1, 2],
    );
    const [first, second] = runsOf('often');
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 1_000, 'not before its time');
    await stage.until(
      'often shows its runs',
      (status) => Number((status.routine as Count)?.runs) >= 3,
      'often',
    );
    await every('often');
    await stage.until('often has stopped', (status) => status.routine === undefined, 'often');
  });

  it('does not run for a resource that needs none', async () => {
    await every('never');
    const { status } = await stage.ready('never');
    assert.equal(status?.routine, undefined);
    assert.deepEqual(runsOf('never'), []);
  });

  it('keeps its time and what it knows through a restart of the program', async () => {
    script.set('kept', [() => ({ again: '6 seconds' }), () => ({ again: '1 hour' })]);
    await every('kept', '1 second');
    await stage.until('kept has run', (status) => (status.routine as Count)?.runs === 1, 'kept');
    await stage.stop();
    await stage.start();
    await hasRun('kept', 2);
    const [first, second] = runsOf('kept');
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 6_000, 'the pause that was asked for is not cut short');
    assert.equal(second?.last?.runs, 1);
  });

  it('begins from the status when Temporal has forgotten everything', async () => {
    script.set('wiped', [() => ({ again: '1 hour' })]);
    await every('wiped', '1 second');
    await stage.until('wiped has run', (status) => (status.routine as Count)?.runs === 1, 'wiped');
    await stage.stop();
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('wiped')).terminate('a test'),
    );
    await stage.start();
    await every('wiped', '2 seconds');
    await hasRun('wiped', 2);
    assert.equal(runsOf('wiped')[1]?.last?.runs, 1);
  });

  it('runs at once when the spec changed', async () => {
    script.set('changed', [() => ({ again: '1 hour' })]);
    await every('changed', '1 hour');
    await hasRun('changed', 1);
    await every('changed', '2 hours');
    await hasRun('changed', 2);
  });

  it('makes the resource not Ready by the trouble it answers, until it answers without', async () => {
    script.set('troubled', [
      () => ({ trouble: { reason: 'MetricsUnavailable', message: 'no answer' } }),
      () => ({}),
    ]);
    await every('troubled', '2 seconds');
    const { status } = await stage.until(
      'troubled says why',
      (seen) => conditionOf(seen, 'Ready')?.reason === 'MetricsUnavailable',
      'troubled',
    );
    assert.equal(conditionOf(status, 'Ready')?.message, 'no answer');
    await stage.ready('troubled');
    await every('troubled');
  });

  it('that throws keeps what is known, says so, and runs again in time', async () => {
    script.set('throws', [
      () => ({}),
      () => {
        throw new Error('no such metric');
      },
      () => ({}),
    ]);
    await every('throws', '2 seconds');
    const { status } = await stage.until(
      'throws says why',
      (seen) => conditionOf(seen, 'Ready')?.reason === 'RoutineFailed',
      'throws',
    );
    assert.match(conditionOf(status, 'Ready')?.message ?? '', /no such metric/);
    assert.deepEqual(status?.routine, { runs: 1 });
    await stage.ready('throws');
    assert.equal(runsOf('throws')[2]?.last?.runs, 1);
    await every('throws');
  });

  it('does not run while its resource is paused', async () => {
    await every('paused', '1 second');
    await hasRun('paused', 1);
    const pause = (annotations: Readonly<Record<string, string>>): Promise<unknown> =>
      stage.api.apply(
        {
          apiVersion: 'toy.dev/v1',
          kind: 'Toy',
          metadata: { name: 'paused', namespace: stage.namespace, annotations },
        },
        { fieldManager: 'ann' },
      );
    await pause({ 'durable-operator.dev/pause': 'true' });
    await stage.until('it is paused', (seen) => conditionOf(seen, 'Paused')?.status === 'True', 'paused');
    const { length } = runsOf('paused');
    await every('awake', '1 second');
    await hasRun('awake', 3);
    assert.equal(runsOf('paused').length, length);
    await pause({});
    await hasRun('paused', length + 1);
    await Promise.all([every('paused'), every('awake')]);
  });

  it('that is asked for too often is refused, with the field to blame', async () => {
    await every('hasty', '10 milliseconds');
    const { status } = await stage.stalled('PlanInvalid', 'hasty');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /at least "1 second"/);
  });

  it('lets a resource without any object be cleaned up after', async () => {
    await every('left');
    const { metadata } = await stage.ready('left');
    await stage.api.remove(stage.ref('Toy', 'left', 'toy.dev'), { uid: metadata.uid ?? '' });
    await eventually('it is gone', async () => (await stage.resource('left')) === undefined);
    assert.deepEqual(deleted, ['left']);
  });
});
