import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configured } from '../../support/toy-specs.ts';
import { toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

describe('a hook on real servers', () => {
  const keys: string[] = [];
  let fails = 0;
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open((name) =>
      toyOperator({
        name,
        before: function drain({ idempotencyKey, object }) {
          if (object?.name !== 'h-c') return;
          keys.push(idempotencyKey);
          if (fails-- > 0) throw new Error('the coordinator is busy');
        },
      }),
    );
  });
  after(() => stage[Symbol.asyncDispose]());

  it('has one key in all attempts of a rollout, and another in the next', async () => {
    await stage.want(TWO_ROLES, 'h');
    await stage.ready('h');
    keys.length = 0;
    fails = 1;
    await stage.want(configured(TWO_ROLES, 'x'), 'h');
    await stage.ready('h');
    const [first, again, ...others] = keys;
    assert.deepEqual([again, others], [first, []]);
    await stage.want(configured(TWO_ROLES, 'y'), 'h');
    await stage.ready('h');
    assert.equal(keys.length, 3);
    assert.notEqual(keys[2], first);
    assert.match(first ?? '', /\/StatefulSet\.apps\/h-c\/before$/);
  });
});
