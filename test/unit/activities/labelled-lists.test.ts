import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LabelledLists } from '../../../activities/labelled-lists.ts';
import { LABELS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { ListOptions } from '../../../kubernetes/api.ts';

const KIND = { group: 'apps', kind: 'StatefulSet' };

/** A server that has one object of each resource, and answers when the test says so. */
class Server {
  readonly asked: string[] = [];
  readonly #answers: (() => void)[] = [];
  failing = false;

  async list(
    _: unknown,
    { labelSelector = '', namespace = '*' }: ListOptions = {},
  ): Promise<{ items: Manifest[]; resourceVersion: string }> {
    const [, list = ''] = /\((.*)\)/.exec(labelSelector) ?? [];
    this.asked.push(`${namespace}: ${list}`);
    await new Promise<void>((resolve) => this.#answers.push(resolve));
    if (this.failing) throw new Error('not now');
    const items = list.split(',').map((uid) => ({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: `of-${uid}`, labels: { [LABELS.resource]: uid } },
    }));
    return { items, resourceVersion: '1' };
  }

  async answer(): Promise<void> {
    this.#answers.shift()?.();
    await new Promise(setImmediate);
  }
}

describe('lists of what resources have', () => {
  it('are shared by those who ask while one is under way, and each is given its own', async () => {
    const server = new Server();
    const lists = new LabelledLists(server, 'op');
    const of = (uid: string, namespace = 'a'): Promise<readonly Manifest[]> =>
      lists.of(uid, { kind: KIND, namespace, metadataOnly: false });
    const all = ['u1', 'u2', 'u3', 'u4'].map((uid) => of(uid));
    const elsewhere = of('u5', 'b');
    assert.deepEqual(server.asked, ['a: u1', 'b: u5']);
    await server.answer();
    assert.deepEqual(server.asked, ['a: u1', 'b: u5', 'a: u2,u3,u4']);
    await server.answer();
    await server.answer();
    const names = (await Promise.all([...all, elsewhere])).map((items) =>
      items.map(({ metadata }) => metadata.name),
    );
    assert.deepEqual(names, [['of-u1'], ['of-u2'], ['of-u3'], ['of-u4'], ['of-u5']]);
  });

  it('begin after the question, however many were asked before', async () => {
    const server = new Server();
    const lists = new LabelledLists(server, 'op');
    const sought = { kind: KIND, metadataOnly: true };
    const first = lists.of('u1', sought);
    await server.answer();
    await first;
    const second = lists.of('u1', sought);
    assert.equal(server.asked.length, 2);
    await server.answer();
    assert.equal((await second).length, 1);
  });

  it('fail for those who asked for them, and not for those who ask next', async () => {
    const server = new Server();
    const lists = new LabelledLists(server, 'op');
    const sought = { kind: KIND, metadataOnly: true };
    server.failing = true;
    const first = assert.rejects(lists.of('u1', sought), /not now/);
    const second = lists.of('u2', sought);
    await server.answer();
    await first;
    server.failing = false;
    await server.answer();
    assert.equal((await second).length, 1);
  });

  it('name no more resources at once than a URL can hold', async () => {
    const server = new Server();
    const lists = new LabelledLists(server, 'op');
    const sought = { kind: KIND, metadataOnly: true };
    const all = Array.from({ length: 121 }, (_, index) => lists.of(`u${index}`, sought));
    for (let answers = 0; answers < 4; answers++) await server.answer();
    await Promise.all(all);
    assert.deepEqual(
      server.asked.map((line) => line.split(',').length),
      [1, 50, 50, 20],
    );
  });
});
