/** Claim templates that come, go or are renamed: the real controller of StatefulSets gives a volume to new pods only. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readMany, readText } from '../../../core/health/read.ts';
import { COMMANDS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { eventually } from '../../../testing/eventually.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

function disks(names: readonly string[], over: Partial<ToyNode> = {}): ToySpec {
  return sized('1Gi', { disks: Object.fromEntries(names.map((name) => [name, '1Gi'])), ...over });
}

describe('claim templates', () => {
  const gate = { open: true, asked: [] as string[] };
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open((name) =>
      toyOperator({
        name,
        gate: function loaded({ object }) {
          if (object) gate.asked.push(object.name);
          return object?.name === 'gated-b' ? gate.open || 'segments are missing' : true;
        },
      }),
    );
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  /** The claims that a pod mounts or could. */
  function claimsOf(pod: Manifest): readonly string[] {
    return readMany(pod, 'spec', 'volumes')
      .map((volume) => readText(volume, 'persistentVolumeClaim', 'claimName'))
      .filter(Boolean)
      .sort();
  }

  async function installed(name: string, spec: ToySpec): Promise<readonly string[]> {
    await stage.want(spec, name);
    await stage.ready(name);
    return view.pods(name);
  }

  async function annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { name, namespace: stage.namespace, annotations };
    await stage.api.apply({ apiVersion: 'toy.dev/v1', kind: 'Toy', metadata }, { fieldManager: 'somebody' });
  }

  async function claimsByPod(name: string): Promise<Readonly<Record<string, readonly string[]>>> {
    const pods = await view.list('Pod', name);
    return Object.fromEntries(pods.map((pod) => [pod.metadata.name, claimsOf(pod)]));
  }

  for (const podManagementPolicy of ['OrderedReady', 'Parallel'] as const)
    it(`that are added reach every pod, one after the other, and no data is lost (${podManagementPolicy})`, async () => {
      const name = `added-${podManagementPolicy.toLowerCase()}`;
      const more = { podManagementPolicy };
      const pods = await installed(name, disks([], { replicas: 3, more }));
      const data = await view.uidsOfClaims(name);
      let fewest = 3;
      const watching = setInterval(() => {
        void view.list('Pod', name).then((live) => {
          fewest = Math.min(fewest, live.filter(({ metadata }) => !metadata.deletionTimestamp).length);
        });
      }, 20);
      try {
        await stage.want(disks(['logs'], { replicas: 3, more }), name);
        await stage.ready(name);
      } finally {
        clearInterval(watching);
      }
      assert.ok(fewest >= 2, `${3 - fewest} pods were away at once`);
      assert.deepEqual(
        await claimsByPod(name),
        Object.fromEntries(
          [0, 1, 2].map((ordinal) => [
            `${name}-b-${ordinal}`,
            [`data-${name}-b-${ordinal}`, `logs-${name}-b-${ordinal}`],
          ]),
        ),
      );
      assert.ok((await view.pods(name)).every((pod) => !pods.includes(pod)));
      const now = await view.uidsOfClaims(name);
      assert.ok(data.every((uid) => now.includes(uid)));
      assert.equal(await stage.api.get(stage.ref('ConfigMap', `${name}-b.recreation`)), undefined);
    });

  it('that are added and mounted by nothing reach every pod, and the fields of others stay theirs', async () => {
    const ref = stage.ref('StatefulSet', 'plain-b', 'apps');
    await installed('plain', disks([]));
    const note = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: {}, spec: { minReadySeconds: 1 } };
    const metadata = { name: ref.name, namespace: stage.namespace, annotations: { note: 'mine' } };
    await stage.api.apply({ ...note, metadata }, { fieldManager: 'somebody' });
    const [template] = readMany(await view.statefulSet('plain-b'), 'spec', 'volumeClaimTemplates');
    const logs = { ...Object(template), metadata: { name: 'logs' }, status: undefined };
    await stage.want(disks([], { more: { volumeClaimTemplates: [Object(template), logs] } }), 'plain');
    await stage.ready('plain');
    for (const [pod, claims] of Object.entries(await claimsByPod('plain')))
      assert.deepEqual(claims, [`data-${pod}`, `logs-${pod}`]);
    const live = await view.statefulSet('plain-b');
    assert.equal(live?.metadata.annotations?.['note'], 'mine');
    assert.equal(Object(live?.['spec']).minReadySeconds, 1);
  });

  it('that are added wait for the gate after each pod, and for a pause', async () => {
    const pods = await installed('gated', disks([]));
    gate.open = false;
    await stage.want(disks(['logs']), 'gated');
    await stage.until(
      'the gate is told',
      ({ conditions }) => conditions.some(({ message }) => message.includes('segments are missing')),
      'gated',
    );
    const half = await view.pods('gated');
    assert.deepEqual(
      half.map((pod) => pods.includes(pod)),
      [false, true],
    );
    await annotate('gated', { [COMMANDS.pause]: 'rollouts' });
    gate.open = true;
    await stage.until(
      'it is paused',
      ({ conditions }) => conditions.some(({ reason }) => reason === 'Paused'),
      'gated',
    );
    assert.deepEqual(await view.pods('gated'), half);
    await annotate('gated', {});
    await stage.ready('gated');
    assert.ok((await view.pods('gated')).every((pod) => !pods.includes(pod)));
  });

  it('that are added spare a pod that its PodDisruptionBudget protects, and name the budget', async () => {
    const pods = await installed('budget', disks([]));
    const budget = (minAvailable: number): Promise<unknown> =>
      stage.api.apply(
        {
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: { name: 'disks', namespace: stage.namespace },
          spec: { minAvailable, selector: { matchLabels: { 'app.kubernetes.io/instance': 'budget' } } },
        },
        { fieldManager: 'tests' },
      );
    await budget(2);
    await eventually('the budget is observed', async () => {
      const live = await stage.api.get(stage.ref('PodDisruptionBudget', 'disks', 'policy'));
      return Object(live?.['status']).currentHealthy === 2;
    });
    await stage.want(disks(['logs']), 'budget');
    await stage.until(
      'the budget is named',
      ({ conditions }) => conditions.some(({ message }) => message.includes('disruption budget disks')),
      'budget',
    );
    assert.deepEqual(await view.pods('budget'), pods);
    await budget(1);
    await stage.ready('budget');
    assert.ok((await view.pods('budget')).every((pod) => !pods.includes(pod)));
  });

  it('that go or are renamed while they are mounted are named as what they are, and go with an approval', async () => {
    const cases = {
      gone: { to: [], words: /volumeClaimTemplates logs would go, and pods would start without the data/ },
      renamed: { to: ['journal'], words: /logs would go, and new empty claims journal take their place/ },
    };
    const change = async (name: string, to: readonly string[], words: RegExp): Promise<void> => {
      const pods = await installed(name, disks(['logs']));
      const before = await view.uidsOfClaims(name);
      await stage.want(disks(to, { image: 'example.org/toy:2' }), name);
      const { status } = await stage.stalled('ApprovalRequired', name);
      const message = conditionOf(status, 'Stalled')?.message ?? '';
      assert.match(message, words);
      assert.deepEqual(await view.pods(name), pods);
      await annotate(name, { [COMMANDS.approve]: /approve=([0-9a-f]{8})/.exec(message)?.[1] ?? '' });
      await stage.ready(name);
      for (const [pod, claims] of Object.entries(await claimsByPod(name)))
        assert.deepEqual(
          claims,
          ['data', ...to].map((claim) => `${claim}-${pod}`),
        );
      const now = await view.uidsOfClaims(name);
      assert.ok(
        before.every((uid) => now.includes(uid)),
        'a claim is lost',
      );
    };
    await Promise.all(Object.entries(cases).map(([name, { to, words }]) => change(name, to, words)));
  });

  it('that were added go again by a rollback, with no approval and no claim lost', async () => {
    await installed('back', disks([]));
    await stage.want(disks(['logs'], { image: 'example.org/toy:crash' }), 'back');
    const { metadata } = await stage.stalled('WorkloadFailed', 'back');
    await annotate('back', { [COMMANDS.rollback]: `${metadata.generation}` });
    await stage.stalled('RolledBack', 'back');
    const [template, ...others] = readMany(await view.statefulSet('back-b'), 'spec', 'volumeClaimTemplates');
    assert.equal(readText(template, 'metadata', 'name'), 'data');
    assert.deepEqual(others, []);
    const pods = await view.list('Pod', 'back');
    assert.equal(pods.length, 2);
    assert.ok(pods.every((pod) => !JSON.stringify(pod).includes('toy:crash')));
    const claims = (await view.list('PersistentVolumeClaim', 'back')).map(({ metadata: { name } }) => name);
    assert.ok(claims.includes('data-back-b-0') && claims.includes('logs-back-b-0'));
  });

  it('of a StatefulSet that is renamed start empty only when somebody approves it; the old one runs until then', async () => {
    const pods = await installed('named', disks([]));
    const [node] = disks([]).nodes;
    assert.ok(node);
    await stage.want({ order: ['broker'], nodes: [{ ...node, name: 'd' }] }, 'named');
    const { status } = await stage.stalled('ApprovalRequired', 'named');
    const message = conditionOf(status, 'Stalled')?.message ?? '';
    assert.match(
      message,
      /StatefulSet named-d: new empty claims data would take the place of those of StatefulSet named-b/,
    );
    assert.equal(status?.rollout?.pendingApprovals?.[0]?.stage, 'StatefulSet named-d');
    assert.equal(await view.statefulSet('named-d'), undefined);
    assert.deepEqual(await view.pods('named'), pods);
    await annotate('named', { [COMMANDS.approve]: /approve=([0-9a-f]{8})/.exec(message)?.[1] ?? '' });
    await stage.ready('named');
    assert.equal(await view.statefulSet('named-b'), undefined);
    const claims = (await view.list('PersistentVolumeClaim', 'named')).map(({ metadata: { name } }) => name);
    assert.ok(claims.includes('data-named-b-0') && claims.includes('data-named-d-0'));
  });
});
