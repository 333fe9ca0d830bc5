import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import { MEMO, resourceChanged } from '../../../workflows/messages.ts';
import { textOf } from '../../support/history.ts';
import type { Call, Fault } from '../../support/http-stand-in.ts';
import { HttpStandIn } from '../../support/http-stand-in.ts';
import { tableOperator } from '../../support/toy-external.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import type { ToyResource } from '../../support/toy-stage.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';
import { PASSWORD, tableKind, Tables } from '../../support/toy-tables.ts';

function tables(...nodes: readonly [name: string, config: string][]): ToySpec {
  return { order: [], nodes: nodes.map(([name, config]): ToyNode => ({ name, role: name, config })) };
}

describe('objects behind an API', () => {
  let stage: ToyStage;
  let server: HttpStandIn;
  const remote = new Tables();
  /** What is wrong with a table, by its path. */
  const faults = new Map<string, (call: Call) => Fault | undefined>();
  before(async () => {
    server = await HttpStandIn.open(remote.handle);
    server.fault = (call) => faults.get(call.path)?.(call);
    stage = await ToyStage.open((name) =>
      tableOperator(
        tableKind(() => server.url),
        name,
      ),
    );
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  function lookAgain(name: string): Promise<void> {
    return stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId(name)).signal(resourceChanged, { resync: true }),
    );
  }

  it('are created, changed and removed with their resource', async () => {
    await stage.want(tables(['one', 'a'], ['two', 'a']), 'life');
    const { status } = await stage.ready('life');
    assert.equal(status?.ready, '2/2');
    assert.deepEqual(status?.inventory?.kinds, ['Secret']);
    assert.deepEqual(status?.inventory?.externals, [
      'Table.external.durable-operator.dev/one',
      'Table.external.durable-operator.dev/two',
    ]);
    assert.deepEqual(
      [...remote.content],
      [
        ['one', { config: 'a' }],
        ['two', { config: 'a' }],
      ],
    );

    await stage.want(tables(['one', 'b']), 'life');
    await stage.ready('life');
    await eventually('the table that is no longer desired is gone', () => !remote.content.has('two'));
    assert.deepEqual(remote.content.get('one'), { config: 'b' });

    await stage.api.remove(stage.ref('Toy', 'life', 'toy.dev'), {
      uid: (await stage.resource('life'))?.metadata.uid ?? '',
    });
    await eventually('the resource is gone', async () => !(await stage.resource('life')));
    assert.equal(remote.content.has('one'), false);
    assert.deepEqual(
      (await stage.events())
        .filter(({ regarding }) => regarding.name === 'life')
        .map(({ reason }) => reason)
        .includes('Deleted'),
      true,
    );
  });

  describe('of resources that have nothing to do with each other', { concurrency: true }, () => {
    it('are written once when nothing differs, and never when they are as wanted already', async () => {
      remote.content.set('mine', { config: 'always a' });
      await stage.want(tables(['mine', 'always a']), 'adopted');
      await stage.ready('adopted');
      await lookAgain('adopted');
      await eventually('it was looked at again', () => server.count('GET /tables/mine') >= 2);
      assert.equal(server.count('POST /tables/mine') + server.count('PUT /tables/mine'), 0);
    });

    it('are one when the answer to their creation is lost', async () => {
      let isCut = false;
      faults.set('/tables/lost', ({ method }) => {
        if (method !== 'POST' || isCut) return undefined;
        isCut = true;
        return { kind: 'cut', when: 'after' };
      });
      await stage.want(tables(['lost', 'a']), 'lost');
      await stage.ready('lost');
      assert.equal(server.count('POST /tables/lost'), 1);
      const keys = [...remote.keys].filter((key) => key.endsWith('/lost'));
      const { metadata } = (await stage.resource('lost')) ?? {};
      assert.deepEqual(keys, [`${metadata?.uid}/Table.external.durable-operator.dev/lost`]);
    });

    it('are noted as looked at, for the program after this one', async () => {
      await stage.want(tables(['noted', 'a']), 'noted');
      await stage.ready('noted');
      const before = Date.now();
      await lookAgain('noted');
      const comparedAt = await stage.temporal((client) =>
        eventually('the note', async () => {
          const { memo } = await client.workflow.getHandle(stage.workflowId('noted')).describe();
          return memo?.[MEMO.comparedAt];
        }),
      );
      assert.ok(Number(comparedAt) >= before - 1_000 && Number(comparedAt) <= Date.now(), String(comparedAt));
    });

    it('are put back when somebody changes or removes them', async () => {
      await stage.want(tables(['drifts', 'a'], ['goes', 'a']), 'drift');
      await stage.ready('drift');
      remote.content.set('drifts', { config: 'theirs' });
      remote.content.delete('goes');
      await lookAgain('drift');
      await eventually('both are as desired', () =>
        ['drifts', 'goes'].every((name) => remote.content.get(name)?.config === 'a'),
      );
      await eventually('the repair is told', async () =>
        (await stage.events()).some(
          ({ reason, note }) => reason === 'DriftRepaired' && note.includes('Table drifts'),
        ),
      );
    });

    it('are remembered by the cluster when the workflow is terminated: none is changed, and what is unwanted still goes', async () => {
      await stage.want(tables(['kept', 'a'], ['unwanted', 'a']), 'wiped');
      await stage.ready('wiped');
      await stage.temporal((client) =>
        client.workflow.getHandle(stage.workflowId('wiped')).terminate('a test of memory'),
      );
      await stage.want(tables(['kept', 'a']), 'wiped');
      await stage.ready('wiped');
      await eventually('the unwanted is gone', () => !remote.content.has('unwanted'));
      assert.equal(server.count('POST /tables/kept') + server.count('PUT /tables/kept'), 1);
    });

    async function annotate(name: string, annotation: string, value: string): Promise<void> {
      const path = `/metadata/annotations/durable-operator.dev~1${annotation}`;
      const live = await stage.resource(name);
      await stage.api.patch(stage.ref('Toy', name, 'toy.dev'), [
        ...(live?.metadata.annotations
          ? []
          : [{ op: 'add' as const, path: '/metadata/annotations', value: {} }]),
        { op: 'add', path, value },
      ]);
    }

    it('are refused when their server lets nobody look at them', async () => {
      await stage.want(tables(['hidden', 'a']), 'hidden');
      await stage.ready('hidden');
      faults.set('/tables/hidden', () => ({
        kind: 'refuse',
        reply: { status: 403, body: { error: 'no' } },
      }));
      await lookAgain('hidden');
      const { status } = await stage.stalled('RemoteRefused', 'hidden');
      assert.equal(conditionOf(status, 'Ready')?.message, 'Table hidden: 403 {"error":"no"}');
      faults.delete('/tables/hidden');
      await stage.ready('hidden');
    });

    it('keep the resource from going while their server does not let them go', async () => {
      await stage.want(tables(['stays', 'a']), 'held');
      const { metadata } = await stage.ready('held');
      const error = `{"error":"in use; token ${PASSWORD}"}`;
      faults.set('/tables/stays', ({ method }) =>
        method === 'DELETE' ? { kind: 'refuse', reply: { status: 409, body: JSON.parse(error) } } : undefined,
      );
      await stage.api.remove(stage.ref('Toy', 'held', 'toy.dev'), { uid: metadata.uid ?? '' });
      const { status } = await stage.stalled('RemoteRefused', 'held');
      assert.match(
        conditionOf(status, 'Ready')?.message ?? '',
        /^Table stays: 409 \{"error":"in use; token \*\*\*"\}; 2 objects left/,
      );
      faults.delete('/tables/stays');
      await eventually('the resource is gone', async () => !(await stage.resource('held')));
      assert.equal(remote.content.has('stays'), false);
    });

    it('go at once when somebody asks for it, and stay behind when their deletion is abandoned', async () => {
      await stage.want(tables(['asked', 'a'], ['left', 'a']), 'ordered');
      const { metadata } = await stage.ready('ordered');
      for (const path of ['/tables/asked', '/tables/left'])
        faults.set(path, ({ method }) =>
          method === 'DELETE' ? { kind: 'refuse', reply: { status: 500 } } : undefined,
        );
      await stage.api.remove(stage.ref('Toy', 'ordered', 'toy.dev'), { uid: metadata.uid ?? '' });
      await stage.stalled('RemoteRefused', 'ordered');
      // The second refusal puts the next attempt 20 s away.
      await eventually('it was refused twice', () => server.count('DELETE /tables/left') === 2);
      faults.delete('/tables/left');
      const askedAt = Date.now();
      await annotate('ordered', 'retry', 'now');
      await eventually('the table is gone', () => !remote.content.has('left'));
      assert.ok(Date.now() - askedAt < 15_000);
      await annotate('ordered', 'abandon', 'true');
      await eventually('the resource is gone', async () => !(await stage.resource('ordered')));
      assert.ok(remote.content.has('asked'));
      await eventually('what stays behind is told', async () =>
        (await stage.events()).some(
          ({ reason, note }) => reason === 'Abandoned' && note.includes('Table asked'),
        ),
      );
    });

    it('say what they wait for until they are ready', async () => {
      await stage.want(tables(['slow', 'slowly']), 'slow');
      await stage.until(
        'the status says what is awaited',
        (each) => conditionOf(each, 'Ready')?.message === 'Table slow: it is being filled',
        'slow',
      );
      await stage.want(tables(['slow', 'fast']), 'slow');
      await stage.ready('slow');
    });

    it('leave no trace of a Secret in a history, an event or a status', async () => {
      await stage.want(tables(['secretive', 'a']), 'secretive');
      await stage.ready('secretive');
      faults.set('/tables/secretive', ({ headers }) => ({
        kind: 'refuse',
        reply: { status: 400, body: { error: `bad ${headers['authorization']}` } },
      }));
      await stage.want(tables(['secretive', 'b']), 'secretive');
      const { status } = await stage.stalled('RemoteRefused', 'secretive');
      assert.equal(conditionOf(status, 'Ready')?.message, 'Table secretive: 400 {"error":"bad Bearer ***"}');
      const history = await stage.temporal((client) =>
        client.workflow.getHandle(stage.workflowId('secretive')).fetchHistory(),
      );
      const told = [
        textOf(history),
        JSON.stringify(await stage.events()),
        JSON.stringify(await stage.resource('secretive')),
      ];
      for (const text of told) assert.equal(text.includes(PASSWORD), false);
    });
  });

  it('wait for a server that is away, also where it is only looked at, and say so until it is back', async () => {
    await stage.want(tables(['seen', 'a']), 'looked-at');
    await stage.ready('looked-at');
    await server.goAway();
    await stage.want(tables(['far', 'a']), 'away');
    await lookAgain('looked-at');
    const unreachable = (name: string): Promise<ToyResource> =>
      stage.until(
        'the status says why',
        (each) => conditionOf(each, 'Ready')?.reason === 'Unreachable',
        name,
      );
    const [{ status: away }, { status: seen }] = await Promise.all([
      unreachable('away'),
      unreachable('looked-at'),
    ]);
    for (const status of [away, seen]) assert.equal(conditionOf(status, 'Reconciling')?.status, 'True');
    assert.equal(conditionOf(away, 'Stalled'), undefined);
    assert.match(conditionOf(away, 'Ready')?.message ?? '', /^Table far: fetch failed: .*ECONNREFUSED/);
    assert.equal(conditionOf(seen, 'Ready')?.status, 'False');
    await server.comeBack();
    await Promise.all([stage.ready('away'), stage.ready('looked-at')]);
    assert.deepEqual(remote.content.get('far'), { config: 'a' });
    assert.equal(server.count('POST /tables/seen') + server.count('PUT /tables/seen'), 1);
  });
});
