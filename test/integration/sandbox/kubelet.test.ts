import { after, before, describe, it } from 'node:test';
import { BEHAVIOUR_ANNOTATION } from '../../../sandbox/index.ts';
import { Cluster, type Seen } from '../../support/cluster.ts';

const waiting = (pod: Seen | undefined): string | undefined =>
  pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
const is = (pod: Seen | undefined, type: string): boolean =>
  pod?.status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;

describe('the simulated kubelet', () => {
  let cluster: Cluster;
  before(async () => (cluster = await Cluster.open('kubelet')));
  after(() => cluster[Symbol.asyncDispose]());

  const pod = (name: string, image: string, spec: object = {}, metadata: object = {}): Promise<void> =>
    cluster.create('pods', {
      metadata: { name, ...metadata },
      spec: { containers: [{ name: 'main', image }], ...spec },
    });

  it('makes a scheduled pod run and be ready', async () => {
    await pod('plain', 'app:1');
    await cluster.become('pods/plain', (seen) => seen?.status?.phase === 'Running' && is(seen, 'Ready'));
  });

  it('crashes a pod whose image says so, again and again', async () => {
    await pod('crash', 'app:1-crash');
    await cluster.become('pods/crash', (seen) => {
      const status = seen?.status?.containerStatuses?.[0];
      const isOver = status?.lastState?.terminated?.exitCode === 1 && status.restartCount > 1;
      return waiting(seen) === 'CrashLoopBackOff' && isOver && !is(seen, 'Ready');
    });
  });

  it('kills for its memory a pod whose image says so', async () => {
    await pod('oom', 'app:oom');
    await cluster.become(
      'pods/oom',
      (seen) => seen?.status?.containerStatuses?.[0]?.lastState?.terminated?.reason === 'OOMKilled',
    );
  });

  it('cannot pull an image that says so', async () => {
    await pod('pull', 'app:pull-error');
    await cluster.become('pods/pull', (seen) => waiting(seen) === 'ImagePullBackOff');
  });

  it('follows the annotation of a running pod', async () => {
    await pod('told', 'app:1');
    await cluster.become('pods/told', (seen) => is(seen, 'Ready'));
    await cluster.patch('pods/told', { metadata: { annotations: { [BEHAVIOUR_ANNOTATION]: 'crash' } } });
    await cluster.become('pods/told', (seen) => waiting(seen) === 'CrashLoopBackOff');
    await cluster.patch('pods/told', { metadata: { annotations: { [BEHAVIOUR_ANNOTATION]: null } } });
    await cluster.become('pods/told', (seen) => is(seen, 'Ready') && waiting(seen) === undefined);
  });

  it('leaves to the real scheduler a pod that is to be unschedulable', async () => {
    await pod('nowhere', 'app:unschedulable');
    await cluster.become('pods/nowhere', (seen) =>
      Boolean(seen?.status?.conditions?.some(({ reason }) => reason === 'Unschedulable')),
    );
  });

  it('keeps a pod that is not to terminate until it is told otherwise', async () => {
    await pod('stays', 'app:1', {}, { annotations: { [BEHAVIOUR_ANNOTATION]: 'never-terminate' } });
    await cluster.become('pods/stays', (seen) => is(seen, 'Ready'));
    await cluster.remove('pods/stays');
    await cluster.become('pods/stays', (seen) => seen !== undefined);
    await cluster.patch('pods/stays', { metadata: { annotations: { [BEHAVIOUR_ANNOTATION]: null } } });
    await cluster.become('pods/stays', (seen) => seen === undefined);
  });

  it('waits for a ConfigMap that is mounted and a Secret that a variable reads', async () => {
    const container = { name: 'main', image: 'app:1' };
    const volumes = [{ name: 'config', configMap: { name: 'late' } }];
    const valueFrom = { secretKeyRef: { name: 'late', key: 'password' } };
    await pod('mounts', 'app:1', { volumes });
    await pod('reads', 'app:1', { containers: [{ ...container, env: [{ name: 'P', valueFrom }] }] });
    await cluster.become('pods/mounts', (seen) => waiting(seen) === 'ContainerCreating');
    await cluster.become('pods/reads', (seen) => waiting(seen) === 'CreateContainerConfigError');
    await cluster.create('configmaps', { metadata: { name: 'late' } });
    await cluster.create('secrets', { metadata: { name: 'late' }, stringData: { password: 'x' } });
    await cluster.become('pods/mounts', (seen) => is(seen, 'Ready'));
    await cluster.become('pods/reads', (seen) => is(seen, 'Ready'));
  });

  it('completes the pods of a Job', async () => {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'app:1' }] } };
    await cluster.create('jobs', { metadata: { name: 'once' }, spec: { template } }, 'apis/batch/v1');
    await cluster.become('pods?labelSelector=job-name%3Donce', (list) =>
      JSON.stringify(list).includes('"phase":"Succeeded"'),
    );
  });

  it('gives a Service of type LoadBalancer an address', async () => {
    await cluster.create('services', {
      metadata: { name: 'front' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: 'front' } },
    });
    await cluster.become(
      'services/front',
      (seen) => seen?.status?.loadBalancer?.ingress?.[0]?.ip !== undefined,
    );
  });
});

describe('the storage of the sandbox', () => {
  it('binds a claim of the default class, and expands it', async () => {
    await using cluster = await Cluster.open('storage');
    const asking = (storage: string): object => ({ resources: { requests: { storage } } });
    await cluster.create('persistentvolumeclaims', {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], ...asking('1Gi') },
    });
    const path = 'persistentvolumeclaims/data';
    await cluster.become(path, ({ status } = {}) => status?.phase === 'Bound');
    await cluster.patch(path, { spec: asking('3Gi') });
    await cluster.become(path, ({ status } = {}) => status?.capacity?.storage === '3Gi');
  });
});
