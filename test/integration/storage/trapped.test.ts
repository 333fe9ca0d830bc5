import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BEHAVIOUR_ANNOTATION } from '../../../sandbox/index.ts';
import { eventually } from '../../../testing/eventually.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

function image(tag: string, replicas = 3): ToySpec {
  return sized('1Gi', { image: `example.org/toy:${tag}`, replicas });
}

/** Kubernetes waits for every pod of an ordered StatefulSet before it replaces any, also for one that the new template mends. */
describe('a StatefulSet that an old, broken pod traps', () => {
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open();
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  /** Ready, then upgraded to what crashes: the last pod is broken, the others are as they were. */
  async function broken(name: string): Promise<readonly string[]> {
    await stage.want(image('1'), name);
    await stage.ready(name);
    await stage.want(image('crash'), name);
    await stage.stalled('WorkloadFailed', name);
    return view.pods(name);
  }

  it('is mended by a spec that mends it: the broken pod is replaced, and that is told', async () => {
    const pods = await broken('mended');
    await stage.want(image('2'), 'mended');
    await stage.ready('mended');
    assert.ok((await view.pods('mended')).every((pod) => !pods.includes(pod)));
    const told = await eventually('the event', async () =>
      (await stage.events()).filter(
        ({ reason, regarding }) => reason === 'PodReplaced' && regarding.name === 'mended',
      ),
    );
    assert.equal(told.length, 1);
    assert.match(told[0]?.note ?? '', /replaced pod mended-b-2 of StatefulSet mended-b/);
  });

  it('is mended when several pods are broken, from the lowest on', async () => {
    await broken('several');
    const pod = stage.ref('Pod', 'several-b-0');
    await stage.api.patch(pod, [
      {
        op: 'add',
        path: '/metadata/annotations',
        value: { [BEHAVIOUR_ANNOTATION]: 'crash' },
      },
    ]);
    await eventually('two pods crash', async () => {
      const pods = await view.list('Pod', 'several');
      return pods.filter((each) => JSON.stringify(each['status']).includes('CrashLoopBackOff')).length === 2;
    });
    await stage.want(image('2'), 'several');
    await stage.ready('several');
  });

  it('loses no pod that its PodDisruptionBudget protects: the status names the budget', async () => {
    const pods = await broken('guarded');
    await stage.api.apply(
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'guarded', namespace: stage.namespace },
        spec: {
          minAvailable: 3,
          selector: { matchLabels: { 'app.kubernetes.io/instance': 'guarded' } },
        },
      },
      { fieldManager: 'tests' },
    );
    await eventually('the budget is observed', async () => {
      const budget = await stage.api.get(stage.ref('PodDisruptionBudget', 'guarded', 'policy'));
      return Object(budget?.['status']).currentHealthy === 2;
    });
    await stage.want(image('2'), 'guarded');
    const { status } = await stage.until(
      'the budget is named',
      ({ conditions }) => conditions.some(({ message }) => message.includes('disruption budget guarded')),
      'guarded',
    );
    assert.equal(conditionOf(status, 'Stalled')?.reason, 'WorkloadFailed');
    assert.deepEqual(await view.pods('guarded'), pods);
  });
});
