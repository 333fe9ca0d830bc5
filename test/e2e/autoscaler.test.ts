/** The autoscaler as its user runs it, beside the operator that installs what it scales, with a Prometheus to ask. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../core/manifest.ts';
import type { AutoscalerSpec, AutoscalerState, EntryStatus } from '../../examples/autoscaler/autoscaler.ts';
import type { ResourceStatus } from '../../core/status/resource-status.ts';
import { replicasOf } from '../../core/replicas.ts';
import { eventually } from '../../testing/eventually.ts';
import { Prometheus } from '../support/prometheus.ts';
import { ReplicasSeen } from '../support/replicas-seen.ts';
import { ToyStage } from '../support/toy-stage.ts';
import { conditionOf, ExampleStage } from './example-stage.ts';

type Autoscaler = Manifest & { readonly spec: AutoscalerSpec; readonly status?: ResourceStatus };
type Spec = AutoscalerSpec['autoscaling'][number]['spec'];

const QUERY = 'avg(rate(queries[2m]))';
const SCALED_BY = 'durable-operator.dev/scaled-by';

describe('the autoscaler, run from the command line', () => {
  let prometheus: Prometheus;
  let toys: ToyStage;
  let stage: ExampleStage<Autoscaler>;
  before(async () => {
    prometheus = await Prometheus.open();
    toys = await ToyStage.open();
    const example = { folder: 'autoscaler', group: 'dsoi.datainfra.io', kind: 'Autoscaler' };
    stage = await ExampleStage.open<Autoscaler>(example, { namespace: toys.namespace });
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    await toys[Symbol.asyncDispose]();
    await prometheus[Symbol.asyncDispose]();
  });

  /** Installs a StatefulSet `<name>-web` of two pods, or changes its image, and waits until its resource is Ready. */
  async function install(name: string, image = 'app:1'): Promise<void> {
    const node = { name: 'web', role: 'web', config: '1', replicas: 2, image };
    await toys.want({ order: ['web'], nodes: [node] }, name);
    await toys.ready(name);
  }

  async function autoscale(
    name: string,
    query: string,
    spec: Partial<Spec> = {},
    more: Partial<AutoscalerSpec> = {},
  ): Promise<void> {
    const entry = {
      enable: true,
      minReplica: 2,
      maxReplica: 6,
      threshold: 100,
      coolDown: 3_600,
      query,
      ...spec,
    };
    await stage.want({
      apiVersion: 'dsoi.datainfra.io/v1beta1',
      kind: 'Autoscaler',
      metadata: { name },
      spec: {
        external: { spec: { url: prometheus.url } },
        interval: '1 second',
        autoscaling: [{ name: `${name}-web`, spec: entry }],
        ...more,
      },
    });
  }

  const entryOf = (status: ResourceStatus | undefined): EntryStatus | undefined =>
    (status?.routine as AutoscalerState | undefined)?.entries[0];
  const decides = (name: string, decision: EntryStatus['decision']): Promise<Autoscaler> =>
    stage.until(name, `decides ${decision}`, (status) => entryOf(status)?.decision === decision);
  const workload = async (name: string): Promise<Manifest> => {
    const found = await toys.api.get(toys.ref('StatefulSet', `${name}-web`, 'apps'));
    assert.ok(found, `StatefulSet ${name}-web exists`);
    return found;
  };
  const hasReplicas = (name: string, replicas: number): Promise<unknown> =>
    eventually(
      `${name}-web has ${replicas} replicas`,
      async () => replicasOf(await workload(name)) === replicas,
    );
  const seenOf = (name: string): Promise<ReplicasSeen> =>
    ReplicasSeen.of(toys.api, toys.ref('StatefulSet', `${name}-web`, 'apps'));

  it('says in a dry run what it would do, and does nothing', async () => {
    prometheus.values.set('dry()', 250);
    await install('dry');
    await autoscale('dry', 'dry()', {}, { dryRun: true });
    const { status } = await decides('dry', 'WouldScaleUp');
    assert.deepEqual(entryOf(status), {
      name: 'dry-web',
      kind: 'StatefulSet',
      value: 250,
      replicas: 2,
      decision: 'WouldScaleUp',
      why: 'from 2 to 5: 250 is above the threshold 100',
    });
    const live = await workload('dry');
    assert.equal(replicasOf(live), 2);
    assert.equal(live.metadata.annotations?.[SCALED_BY], undefined);
  });

  it('does nothing where it is not turned on', async () => {
    await install('off');
    await autoscale('off', 'off()', { enable: false });
    await stage.ready('off');
    assert.equal(prometheus.queries.includes('off()'), false);
  });

  it('scales by the metric; the installing operator leaves its replicas alone, through an upgrade too', async () => {
    prometheus.values.set(QUERY, 180);
    await install('load');
    await using seen = await seenOf('load');
    await autoscale('load', QUERY);
    await hasReplicas('load', 4);
    assert.equal((await workload('load')).metadata.annotations?.[SCALED_BY], 'Autoscaler load');
    await install('load', 'app:2');
    assert.match(JSON.stringify(await workload('load')), /"image":"app:2"/);
    assert.deepEqual(await seen.values(), [2, 4]);
  });

  it('keeps its cool-down through the death of its program, and scales when it is over', async () => {
    prometheus.values.set('calm()', 200);
    await install('calm');
    await using seen = await seenOf('calm');
    await autoscale('calm', 'calm()', { coolDown: '15s' });
    await hasReplicas('calm', 4);
    prometheus.values.set('calm()', 10);
    const { status } = await decides('calm', 'CoolingDown');
    const until = entryOf(status)?.coolDownUntil ?? '';
    await stage.kill();
    await stage.start();
    await hasReplicas('calm', 2);
    assert.ok(Date.now() >= Date.parse(until), `not before ${until}`);
    assert.deepEqual(await seen.values(), [2, 4, 2]);
  });

  it('keeps the last replicas while metrics cannot be read, says so, and goes on when they can', async () => {
    prometheus.values.set('down()', 180);
    await install('down');
    await autoscale('down', 'down()');
    await hasReplicas('down', 4);
    prometheus.isDown = true;
    const { status } = await stage.until(
      'down',
      'says why',
      (said) => conditionOf(said, 'Ready')?.reason === 'MetricsUnavailable',
    );
    assert.match(
      conditionOf(status, 'Ready')?.message ?? '',
      /^down-web: http:.* answers 503 Service Unavailable$/,
    );
    assert.equal(entryOf(status)?.value, 180, 'the last value stays');
    assert.equal(replicasOf(await workload('down')), 4);
    await toys.api.scale(toys.ref('StatefulSet', 'down-web', 'apps'), 5, { fieldManager: 'kubectl' });
    await stage.until('down', 'sees what a person did', (said) => entryOf(said)?.replicas === 5);
    await eventually('it is told who did', async () => {
      const events = { group: 'events.k8s.io', kind: 'Event' };
      const { items } = await stage.api.list(events, { namespace: stage.namespace });
      return items.some(
        ({ reason, note }) =>
          reason === 'ScaledByAnother' && String(note).startsWith('down-web from 4 to 5 by kubectl;'),
      );
    });
    assert.equal(replicasOf(await workload('down')), 5, 'nothing is put back while the metric is not known');
    prometheus.isDown = false;
    await stage.ready('down');
    assert.equal(replicasOf(await workload('down')), 5, 'it cools down');
  });

  it('says what is wrong with a query, in the words of the server', async () => {
    await install('wrong');
    await autoscale('wrong', 'avg(rate(queries[2m])');
    const { status } = await decides('wrong', 'Unknown');
    assert.match(
      entryOf(status)?.why ?? '',
      /refuses the query: 1:1: parse error: unclosed left parenthesis$/,
    );
    await autoscale('wrong', 'nothing()');
    await stage.until(
      'wrong',
      'says it',
      (said) => entryOf(said)?.why === 'the query answers no series; is the metric there?',
    );
    await autoscale('wrong', 'odd()');
    for (const odd of ['-5', '+Inf', 'NaN', '', 'many']) {
      prometheus.values.set('odd()', odd);
      const why = `the query answers ${JSON.stringify(odd)}; write one that answers a number of 0 or more`;
      await stage.until(
        'wrong',
        `refuses ${why}`,
        (said) => entryOf(said)?.decision === 'Unknown' && entryOf(said)?.why === why,
      );
    }
    assert.equal(replicasOf(await workload('wrong')), 2);
  });

  it('leaves alone what an HPA scales, and says so', async () => {
    prometheus.values.set('taken()', 180);
    await install('taken');
    const hpa = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'taken', namespace: stage.namespace },
      spec: {
        minReplicas: 1,
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'taken-web' },
      },
    };
    await stage.api.apply(hpa, { fieldManager: 'kubectl' });
    await autoscale('taken', 'taken()');
    const { status } = await stage.until(
      'taken',
      'says it',
      (said) => conditionOf(said, 'Ready')?.reason === 'ScalingRefused',
    );
    assert.match(
      entryOf(status)?.why ?? '',
      /StatefulSet taken-web is scaled by HorizontalPodAutoscaler taken/,
    );
    assert.equal(replicasOf(await workload('taken')), 2);
    await using seen = await seenOf('taken');
    prometheus.values.set('taken()', 100);
    await decides('taken', 'Kept');
    const taken = stage.ref('HorizontalPodAutoscaler', 'taken', 'autoscaling');
    await stage.api.remove(taken, { uid: (await stage.api.get(taken))?.metadata.uid ?? '' });
    prometheus.values.set('taken()', 300);
    await hasReplicas('taken', 6);
    assert.deepEqual(await seen.values(), [2, 6], 'what was refused is not carried out later');
  });

  it('scales what one of two autoscalers claims, and says in the other who has it', async () => {
    prometheus.values.set('twin()', 180);
    await install('twin');
    const spec = {
      enable: true,
      minReplica: 2,
      maxReplica: 6,
      threshold: 100,
      coolDown: 3_600,
      query: 'twin()',
    };
    const autoscaling = [{ name: 'twin-web', spec }];
    await autoscale('twin', 'twin()', {}, { autoscaling });
    await hasReplicas('twin', 4);
    await autoscale('twin-b', 'twin()', {}, { autoscaling });
    const { status } = await decides('twin-b', 'Refused');
    assert.equal(
      entryOf(status)?.why,
      'StatefulSet twin-web is scaled by Autoscaler twin; let one of the two go',
    );
  });

  it('signs in with a Secret, which nobody else gets to see', async () => {
    prometheus.values.set('secret()', 100);
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'metrics', namespace: stage.namespace },
    };
    const data = { token: Buffer.from('planted-token').toString('base64') };
    await stage.api.apply({ ...secret, data }, { fieldManager: 'kubectl' });
    await install('secret');
    const external = { spec: { url: prometheus.url, secretRef: { name: 'metrics' } } };
    await autoscale('secret', 'secret()', {}, { external });
    const seen = await decides('secret', 'Kept');
    assert.equal(prometheus.authorizations.get('secret()'), 'Bearer planted-token');
    assert.equal(JSON.stringify(seen).includes('planted-token'), false);
  });

  it('gives the replicas back when it is turned off, and when it is deleted', async () => {
    prometheus.values.set('back()', 180);
    await install('back');
    await autoscale('back', 'back()');
    await hasReplicas('back', 4);
    await autoscale('back', 'back()', { enable: false });
    await hasReplicas('back', 2);
    await toys.ready('back');
    await autoscale('back', 'back()');
    await hasReplicas('back', 4);
    const ref = stage.ref('Autoscaler', 'back', 'dsoi.datainfra.io');
    await stage.api.remove(ref, { uid: (await stage.api.get(ref))?.metadata.uid ?? '' });
    await hasReplicas('back', 2);
    await toys.ready('back');
    assert.equal(await stage.api.get(ref), undefined);
  });
});
