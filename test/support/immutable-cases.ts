/** A change of what the API server never changes in place, for each kind of which the operator knows an answer. */

type Body = Readonly<Record<string, unknown>>;

export interface ImmutableCase {
  readonly apiVersion: string;
  readonly kind: string;
  /** The field that is refused. */
  readonly field: string;
  readonly before: Body;
  readonly after: Body;
  /** More of it in the title. */
  readonly what?: string;
}

/** It stands in pods and Secrets, and must be told nowhere. */
export const HIDDEN = 'hunter2-of-the-immutable-cases';

const rbac = 'rbac.authorization.k8s.io';
const roleRef = (name: string): object => ({ apiGroup: rbac, kind: 'ClusterRole', name });
const pod = (image: string, value = HIDDEN): object => ({
  containers: [{ name: 'main', image, env: [{ name: 'PASSWORD', value }] }],
});
const job = (image: string): Body => ({
  spec: { template: { spec: { ...pod(image), restartPolicy: 'Never' } } },
});
const replicaSet = (app: string): Body => ({
  spec: {
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec: pod('example.org/toy:1') },
  },
});
const service = (spec: object): Body => ({ spec: { ports: [{ port: 80 }], ...spec } });
const claim = (accessMode: string): Body => ({
  spec: { accessModes: [accessMode], resources: { requests: { storage: '1Gi' } } },
});
const volume = (path: string): Body => ({
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path } },
});

export const IMMUTABLE_CASES: readonly ImmutableCase[] = [
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    field: 'spec.template',
    before: job('example.org/toy:1'),
    after: job('example.org/toy:2'),
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    what: 'with other completions',
    field: 'spec.completions',
    before: { spec: { completions: 1, ...Object(job('example.org/toy:1').spec) } },
    after: { spec: { completions: 2, ...Object(job('example.org/toy:1').spec) } },
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    field: 'roleRef',
    before: { roleRef: roleRef('view') },
    after: { roleRef: roleRef('edit') },
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    field: 'roleRef',
    before: { roleRef: roleRef('view') },
    after: { roleRef: roleRef('edit') },
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    field: 'provisioner',
    before: { provisioner: 'example.org/one', parameters: { tier: 'a' } },
    after: { provisioner: 'example.org/two', parameters: { tier: 'b' }, reclaimPolicy: 'Retain' },
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttributesClass',
    field: 'driverName',
    before: { driverName: 'example.org/one', parameters: { iops: '1' } },
    after: { driverName: 'example.org/two', parameters: { iops: '2' } },
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIStorageCapacity',
    field: 'storageClassName',
    before: { storageClassName: 'one' },
    after: { storageClassName: 'two' },
  },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    field: 'spec.scopes',
    before: { spec: { hard: { 'count/leases.coordination.k8s.io': '100' } } },
    after: { spec: { scopes: ['BestEffort'], hard: { pods: '1000' } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    what: 'that becomes headless',
    field: 'spec.clusterIPs',
    before: service({}),
    after: service({ clusterIP: 'None' }),
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    what: 'that was headless',
    field: 'spec.clusterIP',
    before: service({ clusterIP: 'None' }),
    after: service({}),
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    what: 'that was headless, and gets a port of the nodes',
    field: 'spec.clusterIPs',
    before: service({ clusterIP: 'None' }),
    after: service({ type: 'NodePort' }),
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    field: 'type',
    before: { stringData: { password: HIDDEN } },
    after: { type: 'example.org/other', stringData: { password: HIDDEN } },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    what: 'that says it is immutable',
    field: 'immutable',
    before: { immutable: true, stringData: { password: HIDDEN } },
    after: { immutable: false, stringData: { password: HIDDEN } },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    field: 'data',
    before: { immutable: true, data: { a: '1' } },
    after: { immutable: true, data: { a: '2' } },
  },
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    field: 'value',
    before: { value: 10 },
    after: { value: 20 },
  },
  {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    field: 'handler',
    before: { handler: 'one' },
    after: { handler: 'two' },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    field: 'spec.controller',
    before: { spec: { controller: 'example.org/one' } },
    after: { spec: { controller: 'example.org/two' } },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    field: 'addressType',
    before: { addressType: 'IPv4', endpoints: [], ports: [] },
    after: { addressType: 'IPv6', endpoints: [], ports: [] },
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    field: 'spec.',
    before: { spec: { volumeLifecycleModes: ['Persistent'] } },
    after: { spec: { volumeLifecycleModes: ['Ephemeral'] } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    field: 'spec.selector',
    before: replicaSet('one'),
    after: replicaSet('two'),
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    field: 'spec',
    before: { spec: pod('example.org/toy:1') },
    after: { spec: pod('example.org/toy:1', `${HIDDEN}, and another`) },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    field: 'spec',
    before: claim('ReadWriteOnce'),
    after: claim('ReadWriteMany'),
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    field: 'spec.persistentvolumesource',
    before: volume('/one'),
    after: volume('/two'),
  },
];
