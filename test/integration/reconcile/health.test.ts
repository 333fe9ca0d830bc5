/** What keeps a workload from being Current, told by the status of its resource: on a real API server, its pods played. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DesiredObject, Operator } from '../../../index.ts';
import {
  customResource,
  daemonSet,
  defineOperator,
  deployment,
  job,
  persistentVolumeClaim,
  statefulSet,
} from '../../../index.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import type { ToyResource } from '../../support/toy-stage.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const LATE_CLASS = 'binds-late.durable-operator.dev';

/** One object for each node; its role says which. */
function objectOf({ role, image = 'app:1', replicas = 1, config }: ToyNode, name: string): DesiredObject {
  const refused = config === 'refused' ? { priorityClassName: 'is-not-there' } : {};
  const template = { spec: { ...refused, containers: [{ name: 'main', image }] } };
  const pods = { serviceName: name, replicas, template };
  switch (role) {
    case 'Deployment':
      return deployment(name, { replicas, template });
    case 'DaemonSet':
      return daemonSet(name, { template });
    case 'OnDelete':
      return statefulSet(name, { ...pods, updateStrategy: { type: 'OnDelete' } });
    case 'partition':
      return statefulSet(name, { ...pods, updateStrategy: { rollingUpdate: { partition: 1 } } });
    case 'minReadySeconds':
      return statefulSet(name, { ...pods, minReadySeconds: 3 });
    case 'Job':
      return job(name, {
        ttlSecondsAfterFinished: 0,
        template: { spec: { ...template.spec, restartPolicy: 'Never' } },
      });
    case 'long':
      return statefulSet(`${name}-`.padEnd(54, 'x'), pods);
    case 'claim':
      return persistentVolumeClaim(
        name,
        {
          storageClassName: LATE_CLASS,
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
        { retain: false },
      );
    default:
      return statefulSet(name, pods);
  }
}

function operatorNamed(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired: ({ spec }, named) => spec.nodes.map((node) => objectOf(node, named(node.name))),
  });
}

describe('the health of a workload, as its resource tells it', { concurrency: true }, () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open(operatorNamed);
    await stage.api.apply(
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: LATE_CLASS },
        provisioner: 'example.org/nobody',
        volumeBindingMode: 'WaitForFirstConsumer',
      },
      { fieldManager: 'tests' },
    );
  });
  after(() => stage[Symbol.asyncDispose]());

  const want = (name: string, node: Partial<ToyNode>): Promise<ToyResource> =>
    stage.want({ order: [], nodes: [{ name: 'n', role: 'StatefulSet', config: '', ...node }] }, name);

  /** The graces are up to 30 s, and the machine may be busy. */
  async function stalls(name: string, because: RegExp): Promise<void> {
    await says(name, 'Stalled', because);
  }

  async function says(name: string, type: 'Stalled' | 'Ready', because: RegExp): Promise<void> {
    let last = '';
    await eventually(
      `${name} says why`,
      async () => {
        const condition = conditionOf((await stage.resource(name))?.status, type);
        last = condition?.message ?? '';
        return because.test(last);
      },
      { timeoutMs: 80_000 },
    ).catch((error: unknown) => {
      throw new Error(`${name} says "${last}", and not ${String(because)}`, { cause: error });
    });
  }

  it('is a crash loop with its exit code, and is mended by another image', async () => {
    await want('crash', { image: 'app:crash' });
    await stalls('crash', /pod crash-n-0: CrashLoopBackOff, container main exited with 1 \(\d+ restarts?\)/);
    const { status } = await stage.stalled('WorkloadFailed', 'crash');
    assert.equal(conditionOf(status, 'Ready')?.status, 'False');
    await want('crash', { image: 'app:2' });
    await stage.ready('crash');
  });

  it('is a crash loop of a Deployment and of a DaemonSet, too', async () => {
    await want('crash-deployment', { role: 'Deployment', image: 'app:crash' });
    await want('crash-daemon', { role: 'DaemonSet', image: 'app:crash' });
    await stalls(
      'crash-deployment',
      /pod crash-deployment-n-\S+: CrashLoopBackOff, container main exited with 1/,
    );
    await stalls('crash-daemon', /pod crash-daemon-n-\S+: CrashLoopBackOff, container main exited with 1/);
    await want('crash-deployment', { role: 'Deployment', image: 'app:2' });
    await stage.ready('crash-deployment');
  });

  it('is a lack of memory', async () => {
    await want('oom', { image: 'app:oom' });
    await stalls(
      'oom',
      /pod oom-n-0: CrashLoopBackOff, container main was killed for its memory \(OOMKilled\)/,
    );
  });

  it('is an image that is not pulled, and final after its grace', async () => {
    await want('pull', { image: 'app:pull-error' });
    await says('pull', 'Ready', /pod pull-n-0: ImagePullBackOff, container main wants image app:pull-error/);
    assert.equal(conditionOf((await stage.resource('pull'))?.status, 'Stalled'), undefined, 'it may heal');
    await stalls('pull', /pod pull-n-0: ImagePullBackOff, container main wants image app:pull-error/);
  });

  it('is a container that cannot be made, and final after its grace', async () => {
    await want('config', { image: 'app:config-error' });
    await stalls('config', /pod config-n-0: CreateContainerConfigError, container main/);
  });

  it('is a pod that no node takes, with the predicate, and final after its grace', async () => {
    await want('nowhere', { image: 'app:unschedulable' });
    await stalls(
      'nowhere',
      /pod nowhere-n-0: Unschedulable, 0\/1 nodes are available: .*node affinity\/selector/,
    );
  });

  it('is a refusal of its pods, which only events tell, and is mended by other pods', async () => {
    const kinds = ['StatefulSet', 'DaemonSet', 'Job'];
    await Promise.all(
      kinds.map((role) => want(`refused-${role.toLowerCase()}`, { role, config: 'refused' })),
    );
    for (const role of kinds)
      await says(
        `refused-${role.toLowerCase()}`,
        'Ready',
        /pods cannot be created: .*no PriorityClass with name is-not-there was found/,
      );
    await want('refused-statefulset', {});
    await stage.ready('refused-statefulset');
  });

  it('is a name that is too long for the labels of its pods', async () => {
    await want('long', { role: 'long' });
    await says('long', 'Ready', /pods cannot be created: .*must be no more than 63 (characters|bytes)/);
  });

  it('is a probe that does not pass, which no time makes final but that of the stage', async () => {
    await want('unready', { image: 'app:never-ready' });
    await says('unready', 'Ready', /pod unready-n-0: container main runs and is not ready/);
    assert.equal(conditionOf((await stage.resource('unready'))?.status, 'Stalled'), undefined);
  });

  it('of OnDelete is not Current before somebody deleted its pods', async () => {
    await want('hand', { role: 'OnDelete' });
    await stage.ready('hand');
    await want('hand', { role: 'OnDelete', image: 'app:2' });
    await says('hand', 'Ready', /0 of 1 replicas updated/);
    const pod = stage.ref('Pod', 'hand-n-0');
    await stage.api.remove(pod, { uid: (await stage.api.get(pod))?.metadata.uid ?? '' });
    await stage.ready('hand');
  });

  it('of a partition is Current when the pods beyond it are new', async () => {
    await want('part', { role: 'partition', replicas: 2 });
    await stage.ready('part');
    await want('part', { role: 'partition', replicas: 2, image: 'app:2' });
    await stage.ready('part');
    const images = await Promise.all(
      [0, 1].map(async (ordinal) =>
        JSON.stringify(await stage.api.get(stage.ref('Pod', `part-n-${ordinal}`))),
      ),
    );
    assert.deepEqual(
      images.map((pod) => /"image":"([^"]+)"/.exec(pod)?.[1]),
      ['app:1', 'app:2'],
    );
  });

  it('of minReadySeconds is not Current before its pods are ready for so long', async () => {
    await want('patient', { role: 'minReadySeconds' });
    const { status } = await stage.ready('patient');
    assert.ok((status?.rollout?.seconds ?? 0) >= 2, `${status?.rollout?.seconds} s`);
  });

  it('of a Job is Current when it is complete, and stays so when its TTL has deleted it', async () => {
    await want('once', { role: 'Job' });
    await stage.ready('once');
    const ref = stage.ref('Job', 'once-n', 'batch');
    await eventually('its TTL deletes it', async () => (await stage.api.get(ref)) === undefined);
    const { status } = await stage.ready('once');
    assert.equal(status?.ready, '1/1');
    await want('once', { role: 'Job', image: 'app:2' });
    const runs = async (): Promise<number> =>
      (await stage.events()).filter(({ note }) => note === 'created Job once-n').length;
    await eventually('another one is run', async () => (await runs()) > 1);
    await stage.ready('once');
    assert.equal(await runs(), 2, 'one for each image, and none for its TTL');
  });

  it('of a claim that nobody uses yet is Current where its class waits for that', async () => {
    await want('late', { role: 'claim' });
    await stage.ready('late');
    const claim = await stage.api.get(stage.ref('PersistentVolumeClaim', 'late-n'));
    assert.match(JSON.stringify(claim?.['status']), /"phase":"Pending"/);
  });
});
