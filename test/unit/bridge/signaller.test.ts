import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Addressee } from '../../../bridge/signaller.ts';
import { DEFAULT_BUCKET, Signaller } from '../../../bridge/signaller.ts';
import { TokenBucket } from '../../../bridge/token-bucket.ts';
import type { Hint } from '../../../core/hint.ts';
import { eventually } from '../../../testing/eventually.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

function recorder(deliver: (hint: Hint) => Promise<void> = async () => undefined): {
  told: Hint[];
  addressee: Addressee;
} {
  const told: Hint[] = [];
  const addressee = {
    workflowId: 'w',
    async deliver(hint: Hint): Promise<void> {
      told.push(hint);
      await deliver(hint);
    },
    takenUp: async () => undefined,
  };
  return { told, addressee };
}

function rests(signaller: Signaller): boolean {
  const { queued, inFlight } = signaller.status();
  return queued + inFlight === 0;
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
    await eventually('second call', () => told.length === 2);
    assert.deepEqual(told[1], { objects: ['b', 'c'], resync: true });
    answer();
    await eventually('rest', () => rests(signaller));
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
    await eventually('delivery', () => signaller.status().sent === 1);
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
    await eventually('rest', () => rests(signaller));
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
    await eventually('first', () => signaller.status().sent === 1);
    signaller.say(addressee, { objects: ['b'] });
    assert.equal(told.length, 1);
    await signaller.stop();
    assert.deepEqual(told, [{ objects: ['a'] }, { objects: ['b'] }]);
  });

  /** Signals in the order in which they were sent, one at a time; each is answered when the test says so. */
  class Line {
    readonly told: string[] = [];
    readonly signaller: Signaller;
    answer: () => void = () => undefined;
    /** Those who are told of a resync and have not taken it up; without them every one is taken up at once. */
    readonly #busy: (() => void)[] | undefined;

    constructor(resyncs?: number) {
      this.signaller = new Signaller({
        log: quiet,
        concurrency: 1,
        ...(resyncs === undefined ? {} : { resyncs }),
      });
      this.#busy = resyncs === undefined ? undefined : [];
    }

    takeUpOne(): void {
      this.#busy?.shift()?.();
    }

    say(workflowId: string, hint: Hint): void {
      const deliver = async (): Promise<void> => {
        this.told.push(workflowId);
        await new Promise<void>((resolve) => (this.answer = resolve));
      };
      const takenUp = async (): Promise<void> => {
        if (this.#busy) await new Promise<void>((resolve) => this.#busy?.push(resolve));
      };
      this.signaller.say({ workflowId, deliver, takenUp }, hint);
    }

    /** Until so many were told. */
    async answered(count: number): Promise<readonly string[]> {
      await eventually(`${count} signals`, () => {
        if (this.told.length < count) this.answer();
        return this.told.length >= count;
      });
      return this.told;
    }
  }

  const seen = { uid: 'u', generation: 2, resourceVersion: '7' };

  it('tells first what people changed, then what became of objects, then resyncs', async () => {
    const line = new Line();
    line.say('toys/a/first', { resync: true });
    line.say('toys/a/resynced', { resource: seen, resync: true });
    line.say('toys/a/news', { objects: ['o'] });
    line.say('toys/a/edited', { resource: seen });
    assert.deepEqual(await line.answered(4), [
      'toys/a/first',
      'toys/a/edited',
      'toys/a/news',
      'toys/a/resynced',
    ]);
  });

  it('moves a resync to the front when somebody changes the resource meanwhile, and tells it once', async () => {
    const line = new Line();
    for (let count = 1; count <= 5; count++) line.say(`toys/a/${count}`, { resource: seen, resync: true });
    line.say('toys/a/5', { resource: { ...seen, generation: 3 } });
    assert.deepEqual(await line.answered(5), ['toys/a/1', 'toys/a/5', 'toys/a/2', 'toys/a/3', 'toys/a/4']);
    line.say('toys/a/6', { resync: true });
    assert.deepEqual((await line.answered(6)).at(-1), 'toys/a/6');
  });

  it('gives a namespace of one resource its turn amid one of many', async () => {
    const line = new Line();
    for (let count = 1; count <= 20; count++) line.say(`toys/many/${count}`, { objects: ['o'] });
    line.say('toys/one/1', { objects: ['o'] });
    assert.equal((await line.answered(3))[2], 'toys/one/1');
  });

  it('tells of no more resyncs than workflows take up, and of everything else at once', async () => {
    const line = new Line(2);
    for (let count = 1; count <= 5; count++) line.say(`toys/a/${count}`, { resync: true });
    line.say('toys/a/edited', { resource: seen });
    assert.deepEqual(await line.answered(3), ['toys/a/1', 'toys/a/edited', 'toys/a/2']);
    for (let count = 1; count <= 5; count++) line.say(`toys/b/${count}`, { resource: seen });
    await line.answered(8);
    assert.ok(line.told.slice(3).every((id) => id.startsWith('toys/b/')));
    line.takeUpOne();
    assert.equal((await line.answered(9)).at(-1), 'toys/a/3');
    const stopped = line.signaller.stop();
    await line.answered(11);
    assert.deepEqual(line.told.slice(9), ['toys/a/4', 'toys/a/5']);
    line.answer();
    await stopped;
  });

  it('tells fewer at once while Temporal refuses, all again when it takes them, and logs that once', async () => {
    const said: string[] = [];
    const say = (_: unknown, message: string): number => said.push(message);
    const signaller = new Signaller({ log: { ...quiet, info: say, warn: say }, concurrency: 8 });
    let isAway = true;
    let underWay = 0;
    let most = 0;
    const deliver = async (): Promise<void> => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      if (isAway) throw new Error('ResourceExhausted');
    };
    for (let count = 0; count < 40; count++)
      signaller.say({ workflowId: `toys/a/${count}`, deliver, takenUp: async () => undefined }, {});
    await eventually('refusals', () => signaller.status().failures >= 60);
    most = 0;
    const failures = signaller.status().failures;
    await eventually('more refusals', () => signaller.status().failures >= failures + 5);
    assert.ok(most <= 2, `${most} at once`);
    isAway = false;
    await eventually('all are told', () => signaller.status().sent === 40);
    assert.deepEqual([signaller.status().queued, signaller.status().inFlight], [0, 0]);
    assert.deepEqual(said, [
      'the workflow cannot be signalled; trying again',
      'the workflow is signalled again',
    ]);
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
