import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { HookContext } from '../../../index.ts';
import { eventually } from '../../../testing/eventually.ts';
import { UPDATES } from '../../../workflows/messages.ts';
import { configured } from '../../support/toy-specs.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const X = configured(TWO_ROLES, 'x');
/** Never settles, and heeds no signal. */
const NEVER = new Promise<never>(() => undefined);

type Behaviour = (context: HookContext<ToySpec>) => Promise<void> | void;

describe('operator code on real servers', () => {
  /** By name of the resource. */
  const hooks = new Map<string, Behaviour>();
  const gates = new Map<string, () => Promise<string | true>>();
  let onDelete: (() => Promise<void>) | undefined;
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open((name) => ({
      ...toyOperator({
        name,
        rollout: { timeLimits: { hook: '2 seconds', gate: '1 second', onDelete: '1 hour' } },
        before: async function drain(context) {
          await hooks.get(context.resource.metadata.name)?.(context);
        },
        gate: function settled({ resource }) {
          return gates.get(resource.metadata.name)?.() ?? true;
        },
      }),
      onDelete: () => onDelete?.(),
    }));
  });
  after(async () => {
    hooks.clear();
    gates.clear();
    onDelete = undefined;
    await stage[Symbol.asyncDispose]();
  });

  it('as a hook has one key in all attempts of a rollout, and another in the next', async () => {
    const keys: string[] = [];
    let fails = 1;
    await stage.want(TWO_ROLES, 'h');
    await stage.ready('h');
    hooks.set('h', ({ idempotencyKey, object, rollout }) => {
      assert.equal(rollout.trigger, 'Change');
      assert.notEqual(rollout.from, rollout.to);
      if (object?.name !== 'h-c') return;
      keys.push(idempotencyKey);
      if (fails-- > 0) throw new Error('the coordinator is busy');
    });
    await stage.want(X, 'h');
    await stage.ready('h');
    const [first, again, ...others] = keys;
    assert.deepEqual([again, others], [first, []]);
    await stage.want(configured(TWO_ROLES, 'y'), 'h');
    await stage.ready('h');
    assert.equal(keys.length, 3);
    assert.notEqual(keys[2], first);
    assert.match(first ?? '', /\/StatefulSet\.apps\/h-c\/before$/);
  });

  it('that ignores its signal is given up at its time limit, which the status names, and is not run twice at once', async () => {
    await stage.want(TWO_ROLES, 'never');
    await stage.ready('never');
    let running = 0;
    let most = 0;
    const release = Promise.withResolvers<void>();
    hooks.set('never', async () => {
      most = Math.max(most, ++running);
      await release.promise;
      running -= 1;
    });
    await stage.want(X, 'never');
    const said = (words: RegExp) =>
      stage.until(
        String(words),
        ({ conditions }) => conditions.some(({ message }) => words.test(message)),
        'never',
      );
    await said(/hook drain failed: it did not end within 2 seconds, and was given up/);
    await said(/hook drain failed: its run of \S+ has not ended, and it is not run twice at once/);
    assert.equal(most, 1);
    hooks.delete('never');
    release.resolve();
    await stage.ready('never');
  });

  it('that hangs holds up no newer spec', async () => {
    await stage.want(TWO_ROLES, 'newer');
    await stage.ready('newer');
    const signals: AbortSignal[] = [];
    hooks.set('newer', async ({ signal, resource }) => {
      if (resource.metadata.generation > 2) return;
      signals.push(signal);
      await NEVER;
    });
    await stage.want(X, 'newer');
    await eventually('the hook runs', () => signals.length > 0 || undefined);
    await stage.want(configured(TWO_ROLES, 'y'), 'newer');
    await stage.ready('newer');
    assert.ok(signals[0]?.aborted);
  });

  it('as a gate that hangs is closed with its name and its limit, and opens when it answers', async () => {
    await stage.want(TWO_ROLES, 'gate');
    await stage.ready('gate');
    gates.set('gate', () => NEVER);
    await stage.want(X, 'gate');
    const named = /^StatefulSet gate-c: gate settled failed: it did not end within 1 second/;
    const { status } = await stage.until(
      'the gate is named',
      ({ conditions }) => conditions.some(({ message }) => named.test(message)),
      'gate',
    );
    assert.equal(conditionOf(status, 'Ready')?.reason, 'GateFailed');
    gates.delete('gate');
    await stage.ready('gate');
  });

  it('that the API server forbids something says so by that reason', async () => {
    await stage.want(TWO_ROLES, 'refused');
    await stage.ready('refused');
    hooks.set('refused', async ({ scale }) => {
      await scale({ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'refused-c' }, 2 ** 40);
    });
    await stage.want(X, 'refused');
    const { status } = await stage.stalled('Invalid', 'refused');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /hook drain failed: /);
    hooks.delete('refused');
    await stage.retry('refused', 'the hook is mended');
    await stage.ready('refused');
  });

  it('as onDelete that hangs ends with a deletion that is abandoned', async () => {
    await stage.want(TWO_ROLES, 'bucket');
    const { metadata } = await stage.ready('bucket');
    onDelete = () => NEVER;
    await stage.api.remove(stage.ref('Toy', 'bucket', 'toy.dev'), { uid: metadata.uid ?? '' });
    await stage.until(
      'onDelete is named',
      ({ conditions }) => conditions.some(({ message }) => message.startsWith('onDelete runs since')),
      'bucket',
    );
    await stage.temporal((client) =>
      client.workflow
        .getHandle(stage.workflowId('bucket'))
        .executeUpdate(UPDATES.abandon, { args: [{ by: 'ann', why: 'the bucket is gone' }] }),
    );
    await eventually(
      'the resource is gone',
      async () => (await stage.resource('bucket')) === undefined || undefined,
    );
  });
});
