/** What a resource created, what it adopted, and what it must leave alone: on a server that loses answers and lags behind. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import type { Call, Fault } from '../../support/http-stand-in.ts';
import { HttpStandIn } from '../../support/http-stand-in.ts';
import { tableOperator } from '../../support/toy-external.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';
import { tableKind, Tables } from '../../support/toy-tables.ts';

function tables(...nodes: readonly [name: string, config: string][]): ToySpec {
  return { order: [], nodes: nodes.map(([name, config]): ToyNode => ({ name, role: name, config })) };
}

describe('whose objects behind an API are', () => {
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

  describe('of resources that stand side by side', { concurrency: true }, () => {
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

    const remove = async (name: string): Promise<void> => {
      const uid = (await stage.resource(name))?.metadata.uid ?? '';
      await stage.api.remove(stage.ref('Toy', name, 'toy.dev'), { uid });
    };
    const isGone = (name: string): Promise<unknown> =>
      eventually(`${name} is gone`, async () => !(await stage.resource(name)));
    const told = async (reason: string, words: string): Promise<unknown> =>
      eventually(`an event says ${reason}: ${words}`, async () =>
        (await stage.events()).some((event) => event.reason === reason && event.note.includes(words)),
      );
    const keyOf = (table: string): string => `Table.external.durable-operator.dev/${table}`;

    it('are removed though the answer to their creation was lost, and their server shows them late', async () => {
      remote.lags.set('late', 1_500);
      faults.set('/tables/late', ({ method }) =>
        method === 'POST' ? { kind: 'cut', when: 'after' } : undefined,
      );
      await stage.want(tables(['late', 'a']), 'late');
      await eventually('it is on its server', () => remote.content.has('late'));
      await remove('late');
      await isGone('late');
      assert.equal(remote.content.has('late'), false);
    });

    it('are removed though one look finds nothing', async () => {
      await stage.want(tables(['blinks', 'a']), 'blinking');
      await stage.ready('blinking');
      let looks = 0;
      faults.set('/tables/blinks', ({ method }) =>
        method === 'GET' && looks++ === 0 ? { kind: 'refuse', reply: { status: 404 } } : undefined,
      );
      await remove('blinking');
      await isGone('blinking');
      assert.equal(remote.content.has('blinks'), false);
    });

    it('are remembered though their server keeps them otherwise than they are wanted', async () => {
      remote.normalised.add('loud');
      await stage.want(tables(['loud', 'a']), 'normalised');
      const { status } = await stage.stalled('RemoteRefused', 'normalised');
      assert.match(conditionOf(status, 'Ready')?.message ?? '', /accepted it, and yet it differs in config/);
      assert.deepEqual(status?.inventory?.unconfirmed, [keyOf('loud')]);
      await stage.want(tables(['other', 'a']), 'normalised');
      await stage.ready('normalised');
      await eventually('the former one is gone', () => !remote.content.has('loud'));
      await remove('normalised');
      await isGone('normalised');
    });

    it('stand in the status before they are created, so that a lost workflow leaves none behind', async () => {
      const answer = Promise.withResolvers<void>();
      faults.set('/tables/early', ({ method }) =>
        method === 'POST' ? { kind: 'hold', until: answer.promise } : undefined,
      );
      await stage.want(tables(['early', 'a']), 'early');
      await eventually('it is being created', () => server.count('POST /tables/early') === 1);
      const { status } = (await stage.resource('early')) ?? {};
      assert.deepEqual(status?.inventory?.externals, [keyOf('early')]);
      await stage.temporal((client) =>
        client.workflow.getHandle(stage.workflowId('early')).terminate('a test of memory'),
      );
      answer.resolve();
      faults.delete('/tables/early');
      await stage.want(tables(['renamed', 'a']), 'early');
      await stage.ready('early');
      await eventually('the former one is gone', () => !remote.content.has('early'));
    });

    it('that others made are left alone until a person approves, and stay when the resource goes', async () => {
      remote.content.set('theirs', { config: 'theirs' });
      await stage.want(tables(['theirs', 'a']), 'asking');
      const { status } = await stage.stalled('AdoptionRequired', 'asking');
      const [pending] = status?.rollout?.pendingApprovals ?? [];
      assert.equal(pending?.reason, 'AdoptionRequired');
      assert.match(conditionOf(status, 'Ready')?.message ?? '', /^Table theirs: is on its server already/);
      assert.deepEqual(remote.content.get('theirs'), { config: 'theirs' });
      await told('AdoptionRequired', 'Table theirs');
      await annotate('asking', 'approve', pending?.token ?? '');
      const { status: ready } = await stage.ready('asking');
      assert.deepEqual(ready?.inventory?.adopted, [keyOf('theirs')]);
      assert.deepEqual(remote.content.get('theirs'), { config: 'a' });
      await told('Adopted', 'Table theirs');
      await remove('asking');
      await isGone('asking');
      assert.deepEqual(remote.content.get('theirs'), { config: 'a' });
      await told('Retained', 'Table theirs was there before');
    });

    it('are replaced where their server never changes a field, once a person approves the loss', async () => {
      await stage.want(tables(['set', 'fixed 1']), 'set');
      await stage.ready('set');
      await stage.want(tables(['set', 'fixed 2']), 'set');
      const { status } = await stage.stalled('ApprovalRequired', 'set');
      assert.match(
        conditionOf(status, 'Ready')?.message ?? '',
        /^Table set: differs in config, which its server never/,
      );
      assert.deepEqual(remote.content.get('set'), { config: 'fixed 1' });
      const [pending] = status?.rollout?.pendingApprovals ?? [];
      await annotate('set', 'approve', pending?.token ?? '');
      await stage.ready('set');
      assert.deepEqual(remote.content.get('set'), { config: 'fixed 2' });
      assert.deepEqual(
        server.calls.filter((call) => call.endsWith('/tables/set') && !call.startsWith('GET')),
        ['POST /tables/set', 'DELETE /tables/set', 'POST /tables/set'],
      );
    });

    it('that others made are neither changed nor removed by a resource that may not adopt them', async () => {
      remote.content.set('kept-out', { config: 'theirs' });
      await stage.want(tables(['kept-out', 'never a']), 'refusing');
      const { status } = await stage.stalled('AdoptionRefused', 'refusing');
      assert.equal(status?.inventory?.externals, undefined);
      await remove('refusing');
      await isGone('refusing');
      assert.deepEqual(remote.content.get('kept-out'), { config: 'theirs' });
    });

    const within = async (what: string, mostMs: number, until: () => Promise<unknown>): Promise<void> => {
      const began = Date.now();
      await until();
      assert.ok(Date.now() - began < mostMs, `${what} took ${Date.now() - began} ms`);
    };

    it('are tried at once when what their function could not read is there', async () => {
      await stage.want(tables(['guarded', 'a']), 'guarded');
      const { status } = await stage.stalled('RemoteRefused', 'guarded');
      assert.match(conditionOf(status, 'Ready')?.message ?? '', /Secret \S+\/guard is not there; create it/);
      assert.deepEqual(status?.references, [{ object: 'Secret/guard', seen: 'NotFound' }]);
      const refusals = async (): Promise<number> =>
        (await stage.events()).filter(
          ({ reason, note }) => reason === 'RemoteRefused' && note.includes('guarded'),
        ).length;
      // The second refusal puts the next attempt 20 s away.
      await eventually('it was refused twice', async () => (await refusals()) >= 2);
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'guard', namespace: stage.namespace },
      };
      await stage.api.apply(secret, { fieldManager: 'somebody' });
      await within('the next attempt', 15_000, () => stage.ready('guarded'));
    });

    it('count as gone when their server is gone, and an event says so', async () => {
      const host = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'host', namespace: stage.namespace },
      };
      const { object } = await stage.api.apply(host, { fieldManager: 'somebody' });
      await stage.want(tables(['hosted', 'a']), 'hosted');
      await stage.ready('hosted');
      await stage.api.remove(stage.ref('ConfigMap', 'host'), { uid: object.metadata.uid ?? '' });
      await remove('hosted');
      await isGone('hosted');
      assert.equal(server.count('DELETE /tables/hosted'), 0);
      await told('ServerGone', 'Table hosted counts as gone with its server: ConfigMap host is gone');
    });

    it('belong to one resource: a second is refused by name, and gets what the first one lets go', async () => {
      await stage.want(tables(['shared', 'a']), 'first');
      await stage.ready('first');
      await stage.want(tables(['shared', 'b']), 'second');
      const { status } = await stage.stalled('OwnershipConflict', 'second');
      assert.match(
        conditionOf(status, 'Ready')?.message ?? '',
        /^Table shared: belongs to Toy \S+\/first; remove it from one of the two resources/,
      );
      assert.deepEqual(remote.content.get('shared'), { config: 'a' });
      await remove('first');
      await isGone('first');
      await stage.ready('second');
      assert.deepEqual(remote.content.get('shared'), { config: 'b' });
      assert.equal(server.count('DELETE /tables/shared'), 0);
      await told('HandedOver', 'Table shared is left to Toy');
      await remove('second');
      await isGone('second');
      assert.equal(remote.content.has('shared'), false);
    });

    it('that two resources name in one moment are created by one of them', async () => {
      await Promise.all(['left', 'right'].map((name) => stage.want(tables(['race', name]), name)));
      await stage.until('one of them has it', () => remote.content.has('race'), 'left');
      const verdicts = await Promise.all(
        ['left', 'right'].map((name) =>
          stage.until(
            'it is Ready, or refused',
            (each) =>
              conditionOf(each, 'Ready')?.status === 'True' ||
              conditionOf(each, 'Stalled')?.reason === 'OwnershipConflict',
            name,
          ),
        ),
      );
      const reasons = verdicts.map(({ status: each }) => conditionOf(each, 'Ready')?.reason);
      assert.deepEqual(reasons.toSorted(), ['OwnershipConflict', 'Reconciled']);
      assert.equal(server.count('POST /tables/race') + server.count('PUT /tables/race'), 1);
    });
  });
});
