import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEventRecorder } from '../../../activities/event-recorder.ts';
import { readNumber } from '../../../core/health/read.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { KubernetesApi } from '../../../kubernetes/api.ts';

type Type = 'Normal' | 'Warning';

/** An API server that answers when the test lets it. */
class Server {
  readonly asked: string[] = [];
  readonly events: Manifest[] = [];
  readonly warnings: unknown[] = [];
  readonly #answers: (() => void)[] = [];
  #isOpen = false;
  readonly recorder: ReturnType<typeof createEventRecorder>;

  constructor(limits?: Readonly<Record<Type, number>>) {
    const create = async (event: Manifest): Promise<Manifest> => {
      this.events.push(event);
      this.asked.push(String(event['note']));
      if (!this.#isOpen) await new Promise<void>((resolve) => this.#answers.push(resolve));
      return event;
    };
    this.recorder = createEventRecorder({
      api: { create } as unknown as KubernetesApi,
      controller: 'toys',
      instance: 'test',
      log: { info() {}, warn: (fields) => this.warnings.push(fields), error: assert.fail },
      ...(limits ? { limits } : {}),
    });
  }

  tell(type: Type, note: string, { namespace = 'n', occurrence = note, repeats = false } = {}): void {
    const regarding = {
      apiVersion: 'toy.dev/v1',
      kind: 'Toy',
      metadata: { name: 't', namespace, uid: namespace },
    };
    const news = {
      type,
      reason: 'Told',
      action: 'Tell',
      note,
      ...(repeats ? { repeats: true as const } : {}),
    };
    this.recorder.record({ regarding, occurrence }, news);
  }

  async writeAll(): Promise<void> {
    this.#isOpen = true;
    for (const answer of this.#answers.splice(0)) answer();
    await this.recorder.flush();
  }
}

describe('the event recorder', () => {
  it('writes several side by side, but no more than a few', async () => {
    const server = new Server();
    for (let count = 0; count < 50; count++) server.tell('Normal', `${count}`);
    assert.deepEqual(server.asked, ['0', '1', '2', '3']);
    await server.writeAll();
    assert.deepEqual(server.recorder.status(), {
      waiting: 0,
      written: 50,
      dropped: { Warning: 0, Normal: 0 },
    });
  });

  it('writes warnings before news of success, and lets namespaces take turns', async () => {
    const server = new Server();
    for (let count = 0; count < 40; count++) server.tell('Normal', `${count}`);
    server.tell('Normal', 'quiet', { namespace: 'quiet' });
    server.tell('Warning', 'bad');
    await server.writeAll();
    const places = ['bad', 'quiet'].map((note) => server.asked.indexOf(note));
    assert.deepEqual(places, [4, 6]);
  });

  it('drops news of success before warnings where too many wait, counts them, and logs it once', async () => {
    const server = new Server({ Normal: 10, Warning: 12 });
    for (let count = 0; count < 100; count++) server.tell('Normal', `${count}`);
    for (let count = 0; count < 4; count++) server.tell('Warning', `bad ${count}`);
    assert.deepEqual(server.recorder.status(), {
      waiting: 12,
      written: 0,
      dropped: { Normal: 86, Warning: 2 },
    });
    assert.equal(server.warnings.length, 1);
    await server.writeAll();
    assert.deepEqual(
      server.asked.filter((note) => note.startsWith('bad')),
      ['bad 0', 'bad 1'],
    );
    server.tell('Normal', 'later');
    await server.writeAll();
    assert.equal(server.asked.at(-1), 'later');
  });

  it('merges what comes again before it is written: one event that counts', async () => {
    const server = new Server();
    for (let count = 0; count < 4; count++) server.tell('Normal', `${count}`);
    for (const occurrence of ['a', 'b', 'b', 'c'])
      server.tell('Warning', 'refused', { occurrence, repeats: true });
    for (const _ of [1, 2]) server.tell('Warning', 'done');
    assert.equal(server.recorder.status().waiting, 2);
    await server.writeAll();
    const refused = server.events.find((event) => event['note'] === 'refused');
    assert.equal(readNumber(refused, 'series', 'count'), 3);
    assert.equal(server.asked.filter((note) => note === 'done').length, 1);
  });
});
