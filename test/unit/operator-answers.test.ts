import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { applyExternals } from '../../activities/apply-externals.ts';
import { checkGate } from '../../activities/author-code.ts';
import type { Dependencies } from '../../activities/index.ts';
import { createRenderer } from '../../activities/renderer.ts';
import { intervalOf } from '../../activities/durations.ts';
import { runRoutine } from '../../activities/run-routine.ts';
import { closedBy } from '../../core/rollout/fold-passage.ts';
import type { Manifest } from '../../core/manifest.ts';
import { builtInScope } from '../../core/plan/scopes.ts';
import { checkedRoutineAnswer } from '../../core/operator-answers.ts';
import type { Gate, Operator, RoutineAnswer } from '../../index.ts';
import {
  configMap,
  customResource,
  defineOperator,
  externalKind,
  InvalidResource,
  object,
  plan,
  statefulSet,
} from '../../index.ts';

const HERE = { apiVersion: 'toy.dev/v1', kind: 'Toy' };
const LIVE: Manifest = { ...HERE, metadata: { name: 't1', namespace: 'here', uid: 'uid-1', generation: 1 } };
const REF = { group: 'toy.dev', version: 'v1', kind: 'Toy', plural: 'toys', namespace: 'here', name: 't1' };
const PLAN = { resource: REF, uid: 'uid-1', generation: 1 };
const Toy = customResource('toy.dev/v1', 'Toy');

function run<Result>(
  operator: Operator,
  activity: (dependencies: Dependencies) => Promise<Result>,
): Promise<Result> {
  const seal = { seal: (): Promise<(text: string) => string> => Promise.resolve((text: string) => text) };
  const dependencies = {
    operator,
    renderer: createRenderer(operator, seal, () => Promise.resolve(builtInScope)),
    api: { get: () => Promise.resolve(LIVE) },
    events: { record: () => undefined },
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as Dependencies;
  return new MockActivityEnvironment().run(() => activity(dependencies));
}

function operatorWanting(desired: unknown): Operator {
  return defineOperator(Toy, { desired: () => desired as never });
}

function refusal(desired: unknown): string {
  try {
    plan(operatorWanting(desired), { ...LIVE, spec: {} } as never);
  } catch (error) {
    assert.ok(error instanceof InvalidResource, String(error));
    return error.message;
  }
  throw new Error('it was planned');
}

/** What the routine is recorded as, when a run answers so. */
async function routineOf(answer: unknown): Promise<string> {
  const operator = defineOperator(Toy, {
    desired: () => [],
    routine: { every: () => '1 minute', run: () => answer as RoutineAnswer<unknown> },
  });
  const request = { resource: REF, uid: 'uid-1', generation: 1 };
  return run(operator, (dependencies) => runRoutine(dependencies, request)).then(
    (outcome) => JSON.stringify(outcome),
    (error: unknown) => (error as Error).message.replace('routine failed: ', ''),
  );
}

async function gateAnswering(answer: unknown): Promise<true | string> {
  const segmentsLoaded = (() => answer) as Gate;
  const template = { spec: { containers: [{ name: 'main', image: 'toy' }] } };
  const operator = operatorWanting([statefulSet('n', { template }, { gate: segmentsLoaded })]);
  const reply = await run(operator, (dependencies) => checkGate(dependencies, PLAN, 'StatefulSet.apps/n'));
  return reply === true ? reply : closedBy(reply).why;
}

async function external(functions: object): Promise<string> {
  const noop = (): Promise<void> => Promise.resolve();
  const kind = externalKind('Table', {
    observe: noop,
    create: noop,
    update: noop,
    remove: noop,
    ...functions,
  });
  const operator = defineOperator(Toy, { desired: () => [kind('a', { x: 1 })], externals: [kind] });
  const key = 'Table.external.durable-operator.dev/a';
  const item = { key, digest: '', cause: 'plan' as const };
  const rendered = await run(operator, ({ renderer }) => renderer.render(LIVE));
  const { digest = '' } = rendered.objects.get(key)?.ref ?? {};
  const [result] = await run(operator, (all) => applyExternals(all, PLAN, [{ ...item, digest }]));
  if (!result) throw new Error('no result');
  return result.applied ? result.health.message : `${result.reason}: ${result.message}`;
}

describe('what operator code answers', () => {
  it('of a gate is true, or a reason; anything else keeps it closed and says so', async () => {
    assert.equal(await gateAnswering(true), true);
    assert.equal(await gateAnswering('3 segments left'), '3 segments left');
    for (const answer of [false, undefined, null, 42, {}, ' '])
      assert.match(
        String(await gateAnswering(answer)),
        /^gate segmentsLoaded answered .*; it must answer true, or/,
      );
  });

  it('of a gate is cut when it is too long for a status', async () => {
    const answer = String(await gateAnswering('x'.repeat(3_000_000)));
    assert.ok(answer.length <= 1_000);
    assert.match(answer, /x…$/);
  });

  it('of observe is an object or none: null is none, and a boolean is refused', async () => {
    let created = 0;
    const remotes = [null, { x: 1 }];
    const observe = (): Promise<unknown> => Promise.resolve(remotes.shift());
    assert.equal(await external({ observe, create: () => Promise.resolve(void created++) }), '');
    assert.equal(created, 1);
    assert.match(
      await external({ observe: () => Promise.resolve(false) }),
      /^RemoteRefused: observe answered false; it must answer the remote object, or undefined/,
    );
  });

  it('of ready and differs is a text, true or nothing', async () => {
    const observe = (): Promise<unknown> => Promise.resolve({ x: 1 });
    assert.match(await external({ observe, ready: () => 7 }), /^ready answered 7; it must answer true, or/);
    assert.match(
      await external({ observe, differs: () => ({}) }),
      /^RemoteRefused: differs answered an object; it/,
    );
    assert.equal(await external({ observe, differs: () => null }), '');
  });

  it('that is thrown is cut when it is too long for a history', async () => {
    const observe = (): Promise<never> => Promise.reject(new Error('x'.repeat(5_000_000)));
    assert.ok((await external({ observe })).length <= 1_020);
  });

  it('of a routine is a state, with a duration and a trouble that a strict CRD takes', async () => {
    assert.equal(
      await routineOf({
        state: { n: 1 },
        again: '5 minutes',
        trouble: { reason: 'Odd', message: 'it is odd' },
      }),
      '{"state":{"n":1},"againMs":300000,"trouble":{"reason":"Odd","message":"it is odd"}}',
    );
    const refused: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /^it answered undefined; it must answer \{ state \}$/],
      [{ state: {}, trouble: {} }, /^trouble.reason is undefined; write one CamelCase word/],
      [{ state: {}, trouble: 'bad' }, /^it answered trouble: "bad"; it must be \{ reason, message \}/],
      [
        { state: {}, trouble: { reason: 'two words', message: 'm' } },
        /^trouble.reason is "two words"; write/,
      ],
      [{ state: {}, trouble: { reason: 'R', message: '' } }, /^trouble.message is an empty text; write/],
      [
        { state: {}, again: '1 ms' },
        /^again answered "1 ms"; answer a duration of at least "1 second" and at most/,
      ],
      [{ state: {}, again: '280000 years' }, /^again answered "280000 years"/],
      [{ state: {}, again: 'soon' }, /^again answered "soon"/],
      [{ state: {}, again: 30 }, /^it answered again: 30; it must be a duration/],
      [{ state: 'x'.repeat(20_000) }, /^it answered 20002 bytes of state; keep it below 16384$/],
    ];
    for (const [answer, words] of refused) assert.match(await routineOf(answer), words);
  });

  it('of a routine is bounded however it is thrown', async () => {
    const operator = defineOperator(Toy, {
      desired: () => [],
      routine: {
        every: () => '1 minute',
        run: () => Promise.reject(new Error('x'.repeat(3_000_000))),
      },
    });
    const request = { resource: REF, uid: 'uid-1', generation: 1 };
    await assert.rejects(
      run(operator, (dependencies) => runRoutine(dependencies, request)),
      ({ message }: Error) => message.length <= 1_000,
    );
  });

  it('of an interval is at least a second and at most a year', () => {
    assert.equal(intervalOf('1 second', 'again'), 1_000);
    assert.equal(intervalOf('365 days', 'again'), 31_536_000_000);
    for (const text of ['999 ms', '366 days', '', '-5 s', 'x'.repeat(200), 5, null])
      assert.throws(() => intervalOf(text, 'again'), /^InvalidAnswer: again answered/);
  });

  it('of desired is a list of objects; what else is in it is named, and nothing is dropped', () => {
    assert.match(refusal(undefined), /^desired: answered undefined; desired returns a list of objects/);
    assert.match(refusal(Promise.resolve([])), /^desired: answered a Promise;/);
    assert.match(refusal([true]), /^desired: has true as entry 0;/);
    assert.match(refusal([{ apiVersion: 'v1', kind: 'ConfigMap' }]), /^desired: has an object as entry 0;/);
    const deep = [[[configMap('deep', { data: { a: 'b' } })]], false, null];
    const { objects } = plan(operatorWanting(deep), { ...LIVE, spec: {} } as never);
    assert.deepEqual(
      objects.map(({ key }) => key),
      ['ConfigMap/deep'],
    );
  });

  it('of desired is JSON: what a server could not be sent is refused with its field', () => {
    const noop = (): Promise<void> => Promise.resolve();
    const Table = externalKind<object>('Table', {
      observe: noop as never,
      create: noop,
      update: noop,
      remove: noop,
    });
    const circle: { self?: object } = {};
    circle.self = circle;
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [Table('a', { retention: () => 1 }), /a: wanted.retention is a function, which is no JSON/],
      [Table('a', { list: [1n] }), /a: wanted.list\[0\] is a bigint/],
      [Table('a', { rate: Number.NaN }), /a: wanted.rate is NaN/],
      [Table('a', { tags: new Set(['x']) }), /a: wanted.tags is a Set/],
      [Table('a', circle), /a: wanted.self contains itself/],
      [Table('a', undefined as never), /a: wants undefined; give an object/],
      [
        object({ apiVersion: 'x.dev/v1', kind: 'X', metadata: { name: 'a' }, spec: { n: 1n } }),
        /X.x.dev\/a: spec.n is a bigint/,
      ],
    ];
    for (const [entry, words] of cases) {
      const operator = defineOperator(Toy, { desired: () => [entry] as never, externals: [Table] });
      assert.throws(() => plan(operator, { ...LIVE, spec: {} } as never), words);
    }
  });

  it('of an external kind has all its functions', () => {
    assert.throws(() => externalKind('Table', {} as never), /its observe must be a function/);
  });

  it('keeps the message of a trouble whole until credentials are struck out of it', () => {
    const message = 'x'.repeat(5_000);
    assert.equal(
      checkedRoutineAnswer({ state: 1, trouble: { reason: 'R', message } }).trouble?.message,
      message,
    );
  });
});
