import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FlowControl, LONGEST_WAIT_MS, MOST_IN_FLIGHT } from '../../../kubernetes/flow-control.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import type { Answer, Call } from '../../../kubernetes/transport.ts';

const OK: Answer = { code: 200, text: '{}' };
const OVERLOADED: Answer = { code: 429, text: 'Too many requests', retryAfter: '1', flowSchema: 'workload' };

/** A server whose answers a test gives one by one, and a clock that a test moves. */
class Stage {
  readonly flow: FlowControl;
  /** Paths in the order in which they were sent. */
  readonly sent: string[] = [];
  readonly said: string[] = [];
  probes = 0;
  /** What a probe comes to. */
  isBack = false;
  readonly #answers = new Map<string, PromiseWithResolvers<Answer>>();
  readonly #context: TestContext;
  #now = 0;

  constructor(context: TestContext) {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    this.#context = context;
    const say = (_: unknown, message: string): number => this.said.push(message);
    this.flow = new FlowControl({
      now: () => this.#now,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      log: { info: say, warn: say, error: say },
      probe: async () => {
        this.probes++;
        if (!this.isBack) throw away();
      },
    });
  }

  ask(path: string, signal?: AbortSignal): Promise<Answer> {
    const call: Call = { method: 'GET', path, signal };
    const asked = this.flow.run(call, () => {
      this.sent.push(path);
      const answer = Promise.withResolvers<Answer>();
      this.#answers.set(path, answer);
      return answer.promise;
    });
    asked.catch(() => undefined);
    return asked;
  }

  async answer(path: string, answer: Answer | Error = OK): Promise<void> {
    await nextTurn();
    const asked = this.#answers.get(path);
    assert.ok(asked, `${path} was not sent`);
    if (answer instanceof Error) asked.reject(answer);
    else asked.resolve(answer);
    await nextTurn();
  }

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    this.#context.mock.timers.tick(ms);
    await nextTurn();
  }

  /** Five requests without an answer, over more than a second. */
  async lose(): Promise<void> {
    for (let count = 0; count < 5; count++) {
      void this.ask(config('lost', count));
      await this.pass(250);
      await this.answer(config('lost', count), away());
    }
    assert.equal(this.flow.status().circuit, 'Open');
  }
}

function config(namespace: string, name: number | string): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}

function away(code = 'ECONNREFUSED'): StatusError {
  const cause = Object.assign(new Error('connect'), { code });
  return new StatusError(`the API server did not answer: ${code}`, { code: 0, reason: 'Unreachable', cause });
}

/** As many requests under way as may be. */
async function full(stage: Stage, namespace = 'busy'): Promise<void> {
  for (let count = 0; count < MOST_IN_FLIGHT; count++) void stage.ask(config(namespace, count));
  await nextTurn();
}

describe('flow control', () => {
  it('has so many requests under way at once, and lets namespaces take turns with the rest', async (t) => {
    const stage = new Stage(t);
    await full(stage);
    for (const path of [config('a', 1), config('a', 2), config('a', 3), config('b', 1)]) void stage.ask(path);
    await nextTurn();
    assert.deepEqual(
      [stage.sent.length, stage.flow.status().inFlight, stage.flow.status().waiting],
      [MOST_IN_FLIGHT, MOST_IN_FLIGHT, 4],
    );
    for (let count = 0; count < 3; count++) await stage.answer(config('busy', count));
    assert.deepEqual(stage.sent.slice(MOST_IN_FLIGHT), [config('a', 1), config('b', 1), config('a', 2)]);
  });

  it('sends events after all else that waits', async (t) => {
    const stage = new Stage(t);
    await full(stage);
    const event = '/apis/events.k8s.io/v1/namespaces/a/events';
    for (const path of [event, config('b', 1), config('b', 2)]) void stage.ask(path);
    await nextTurn();
    for (let count = 0; count < 3; count++) await stage.answer(config('busy', count));
    assert.deepEqual(stage.sent.slice(MOST_IN_FLIGHT), [config('b', 1), config('b', 2), event]);
  });

  it('neither holds nor counts watches and leases', async (t) => {
    const stage = new Stage(t);
    await full(stage);
    const lease = '/apis/coordination.k8s.io/v1/namespaces/home/leases/toys';
    void stage.ask(lease);
    await stage.answer(lease);
    assert.deepEqual([stage.sent.at(-1), stage.flow.status().inFlight], [lease, MOST_IN_FLIGHT]);
  });

  it('sends a request again, whose server asked for a short wait, and all of its FlowSchema not before', async (t) => {
    const stage = new Stage(t);
    const [refused, sibling, other] = [config('a', 1), config('b', 1), '/apis/apps/v1/statefulsets'];
    const asked = stage.ask(refused);
    await stage.answer(refused, OVERLOADED);
    void stage.ask(sibling);
    void stage.ask(other);
    await nextTurn();
    assert.deepEqual(stage.sent, [refused, other]);
    assert.deepEqual([stage.flow.status().waiting, stage.flow.status().overloads], [2, 1]);
    await stage.pass(999);
    assert.equal(stage.sent.length, 2);
    await stage.pass(1);
    assert.deepEqual(stage.sent.slice(2).toSorted(), [refused, sibling]);
    await stage.answer(refused);
    assert.equal((await asked).code, 200);
  });

  it('has kinds of one FlowSchema wait together, once it knows them to be of one', async (t) => {
    const stage = new Stage(t);
    const [service, refused] = ['/api/v1/namespaces/a/services/s', config('a', 1)];
    void stage.ask(service);
    await stage.answer(service, { ...OK, flowSchema: 'workload' });
    void stage.ask(refused);
    await stage.answer(refused, OVERLOADED);
    void stage.ask(service);
    await nextTurn();
    assert.deepEqual(stage.sent, [service, refused]);
  });

  it('answers what the server said when it asked for a long wait, and asks nothing of that flow meanwhile', async (t) => {
    const stage = new Stage(t);
    const asked = stage.ask(config('a', 1));
    await stage.answer(config('a', 1), { ...OVERLOADED, retryAfter: '30' });
    assert.equal((await asked).code, 429);
    await assert.rejects(stage.ask(config('b', 1)), (error: StatusError) => {
      assert.deepEqual([error.code, error.reason], [429, 'TooManyRequests']);
      assert.ok((error.retryAfterMs ?? 0) >= 30_000);
      return true;
    });
    assert.deepEqual([stage.sent.length, stage.flow.status().unsent], [1, 1]);
  });

  it('holds back what stood in line already when the server asked for a pause', async (t) => {
    const stage = new Stage(t);
    await full(stage);
    const inLine = [config('a', 1), config('b', 1)];
    for (const path of inLine) void stage.ask(path);
    await stage.answer(config('busy', 0), OVERLOADED);
    for (let count = 1; count < MOST_IN_FLIGHT; count++) await stage.answer(config('busy', count));
    assert.deepEqual([stage.sent.length, stage.flow.status().waiting], [MOST_IN_FLIGHT, 3]);
    await stage.pass(1_000);
    assert.deepEqual(stage.sent.slice(MOST_IN_FLIGHT).toSorted(), [...inLine, config('busy', 0)]);
  });

  it('halves what may be under way when the server has too much to do, and comes back to it', async (t) => {
    const stage = new Stage(t);
    await full(stage);
    for (let count = 0; count < MOST_IN_FLIGHT; count++)
      await stage.answer(config('busy', count), { code: 503, text: '' });
    assert.equal(stage.flow.status().limit, MOST_IN_FLIGHT / 2);
    for (let count = 0; count < 200; count++) {
      void stage.ask(config('well', count));
      await stage.answer(config('well', count));
    }
    assert.equal(stage.flow.status().limit, MOST_IN_FLIGHT);
    assert.deepEqual(stage.said, [
      'the API server has too much to do; fewer requests are sent at once',
      'the API server bears all requests again',
    ]);
  });

  it('takes a time-out for too much to do, and the refusal of a disruption budget for none', async (t) => {
    const stage = new Stage(t);
    const details = { causes: [{ reason: 'DisruptionBudget' }] };
    const text = JSON.stringify({ kind: 'Status', code: 429, reason: 'TooManyRequests', details });
    const eviction = '/api/v1/namespaces/a/pods/p/eviction';
    const asked = stage.ask(eviction);
    await stage.answer(eviction, { code: 429, text, retryAfter: '1' });
    assert.equal((await asked).code, 429);
    assert.deepEqual([stage.flow.status().limit, stage.flow.status().overloads], [MOST_IN_FLIGHT, 0]);
    void stage.ask(config('a', 1));
    await stage.answer(config('a', 1), away('UND_ERR_HEADERS_TIMEOUT'));
    assert.equal(stage.flow.status().limit, MOST_IN_FLIGHT / 2);
  });

  it('gives up what cannot be sent in time, and what its caller gave up', async (t) => {
    const stage = new Stage(t);
    await full(stage);
    const late = stage.ask(config('a', 1));
    const aborted = new AbortController();
    const left = stage.ask(config('a', 2), aborted.signal);
    await nextTurn();
    aborted.abort(new Error('no more'));
    await assert.rejects(left, { message: 'no more' });
    for (let waited = 0; waited <= LONGEST_WAIT_MS; waited += 500) await stage.pass(500);
    await assert.rejects(late, { code: 429, reason: 'TooManyRequests' });
    assert.deepEqual([stage.sent.length, stage.flow.status().waiting], [MOST_IN_FLIGHT, 0]);
  });

  it('fails at once while the server does not answer, and says when to come back', async (t) => {
    const stage = new Stage(t);
    await stage.lose();
    const sent = stage.sent.length;
    await assert.rejects(stage.ask(config('a', 1)), (error: StatusError) => {
      assert.deepEqual([error.code, error.reason], [0, 'Unreachable']);
      assert.match(error.message, /did not answer: ECONNREFUSED; it is asked only now and then/);
      assert.ok((error.retryAfterMs ?? 0) > 0 && (error.retryAfterMs ?? 0) <= 1_250);
      return true;
    });
    assert.deepEqual([stage.sent.length, stage.probes], [sent, 0]);
    assert.deepEqual(stage.said, [
      'the API server does not answer; it is asked only now and then until it does',
    ]);
  });

  it('asks with one probe for all who come when the time is over, and sends them when it is answered', async (t) => {
    const stage = new Stage(t);
    await stage.lose();
    await stage.pass(1_000);
    await assert.rejects(stage.ask(config('a', 1)), { reason: 'Unreachable' });
    assert.equal(stage.probes, 1);
    await stage.pass(2_000);
    stage.isBack = true;
    const sent = stage.sent.length;
    void stage.ask(config('a', 2));
    void stage.ask(config('b', 2));
    await nextTurn();
    assert.equal(stage.probes, 2);
    assert.deepEqual(stage.sent.slice(sent), [config('a', 2), config('b', 2)]);
    assert.deepEqual([stage.flow.status().circuit, stage.flow.status().lastError], ['Closed', undefined]);
    assert.equal(stage.said.at(-1), 'the API server answers again');
  });

  it('is told by a watch that the server is back', async (t) => {
    const stage = new Stage(t);
    await stage.lose();
    stage.flow.answered();
    void stage.ask(config('a', 1));
    await nextTurn();
    assert.deepEqual([stage.sent.at(-1), stage.probes], [config('a', 1), 0]);
  });

  it('has no timer while nothing waits', async (t) => {
    const timers = t.mock.method(globalThis, 'setTimeout');
    const flow = new FlowControl({ probe: async () => undefined });
    const answers = Array.from({ length: 100 }, (_, count) =>
      flow.run({ method: 'GET', path: config('a', count) }, async () => OK),
    );
    await Promise.all(answers);
    assert.ok(timers.mock.callCount() <= 1, 'one timer serves all that wait');
    const before = timers.mock.callCount();
    for (let count = 0; count < 20; count++)
      await flow.run({ method: 'GET', path: config('a', count) }, async () => OK);
    assert.equal(timers.mock.callCount(), before);
    flow.close();
  });

  it('ends with its client', async (t) => {
    const stage = new Stage(t);
    await full(stage);
    const waits = stage.ask(config('a', 1));
    await nextTurn();
    stage.flow.close();
    await assert.rejects(waits, { message: 'the Kubernetes client is closed' });
  });
});
