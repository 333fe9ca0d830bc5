import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_BUCKET, Signaller } from '../../../bridge/signaller.ts';
import { TokenBucket } from '../../../bridge/token-bucket.ts';
import type { Hint } from '../../../core/hint.ts';
import { until } from '../../support/until.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

function recorder(deliver: (hint: Hint) => Promise<void> = async () => undefined): {
  told: Hint[];
  addressee: { workflowId: string; deliver(hint: Hint): Promise<void> };
} {
  const told: Hint[] = [];
  const addressee = {
    workflowId: 'w',
    async deliver(hint: Hint): Promise<void> {
      told.push(hint);
      await deliver(hint);
    },
  };
  return { told, addressee };
}

describe('signaller', () => {
  it('has one call under way for a workflow, and merges what comes meanwhile into the next', async () => {
    let answer: () => void = () => undefined;
    const signaller = new Signaller({ log: quiet });
    const { told, addressee } = recorder(() => new Promise((resolve) => (answer = resolve)));
    signaller.say(addressee, { objects: ['a'] });
    signaller.say(addressee, { objects: ['b'] });
    signaller.say(addressee, { objects: ['c', 'b'], resync: true });
    assert.deepEqual(told, [{ objects: ['a'] }]);
    answer();
    await until('second call', () => told.length === 2);
    assert.deepEqual(told[1], { objects: ['b', 'c'], resync: true });
    answer();
    await until('rest', () => !signaller.isBusy('w'));
    assert.equal(signaller.status().sent, 2);
  });

  it('tells again what was not delivered, together with what came since', async () => {
    let failures = 2;
    const signaller = new Signaller({ log: quiet });
    const { told, addressee } = recorder(async () => {
      if (failures-- > 0) throw new Error('away');
    });
    signaller.say(addressee, { objects: ['a'] });
    signaller.say(addressee, { objects: ['b'] });
    await until('delivery', () => signaller.status().sent === 1);
    assert.deepEqual(told.at(-1), { objects: ['a', 'b'] });
    assert.deepEqual([signaller.status().failures, signaller.status().lastError], [2, undefined]);
  });

  it('tells at once what comes alone; of a storm what the bucket lets through, and always the last of it', async () => {
    const bucket = { burst: 2, perSecond: 20 };
    const signaller = new Signaller({ log: quiet, bucket });
    const { told, addressee } = recorder();
    const began = performance.now();
    signaller.say(addressee, { objects: ['o0'] });
    assert.equal(told.length, 1);
    for (let count = 1; count <= 100; count++) {
      signaller.say(addressee, { objects: [`o${count}`] });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until('rest', () => !signaller.isBusy('w'));
    const seconds = (performance.now() - began) / 1000;
    assert.ok(told.length <= bucket.burst + seconds * bucket.perSecond + 1, `${told.length} in ${seconds} s`);
    assert.ok(told.at(-1)?.objects?.includes('o100'));
    assert.equal(new Set(told.flatMap(({ objects = [] }) => objects)).size, 101);
    assert.deepEqual(DEFAULT_BUCKET, { burst: 10, perSecond: 5 });
  });

  it('sends what waits before it stops', async () => {
    const signaller = new Signaller({ log: quiet, bucket: { burst: 1, perSecond: 0.001 } });
    const { told, addressee } = recorder();
    signaller.say(addressee, { objects: ['a'] });
    await until('first', () => signaller.status().sent === 1);
    signaller.say(addressee, { objects: ['b'] });
    assert.equal(told.length, 1);
    await signaller.stop();
    assert.deepEqual(told, [{ objects: ['a'] }, { objects: ['b'] }]);
  });
});

describe('token bucket', () => {
  it('lets a burst go, then as many as are due', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 5 }, 0);
    assert.deepEqual([bucket.take(0), bucket.take(0), bucket.take(0)], [0, 0, 200]);
    assert.equal(bucket.take(200), 0);
    assert.equal(bucket.take(300), 100);
  });
});
