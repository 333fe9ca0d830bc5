/** Changes of objects that the API server's defaults and mirrors take part in; each is made in both directions. */
import type { Manifest } from '../../core/manifest.ts';

/** The spec of an object; of a workload what differs from {@link manifestOf}. */
export type Spec = Readonly<Record<string, unknown>>;
type Case = readonly [kind: string, one: Spec, other: Spec];

const LABELS = { app: 'unowned' };
const CONTAINER = { name: 'c', image: 'registry.k8s.io/pause:3.10' };
const CLAIM = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };

const API_VERSIONS: Readonly<Record<string, string>> = {
  Service: 'v1',
  CronJob: 'batch/v1',
  Job: 'batch/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  Ingress: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
};

/** Of a Deployment: fields of its pod, of its one container, of its one volume. */
export const pod = (fields: Spec): Spec => ({ template: { spec: fields } });
export const container = (fields: Spec): Spec => pod({ containers: [{ ...CONTAINER, ...fields }] });
const volume = (source: Spec): Spec => pod({ volumes: [{ name: 'v', ...source }] });
const env = (variable: Spec): Spec => container({ env: [{ name: 'V', ...variable }] });
const service = (spec: Spec): Spec => ({ ports: [{ port: 80 }], ...spec });
const scaled = (spec: Spec): Spec => ({
  maxReplicas: 3,
  scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' },
  ...spec,
});
const backend = { service: { name: 's', port: { number: 80 } } };
const ruled = (pathType: string): Spec => ({
  rules: [{ http: { paths: [{ path: '/a', pathType, backend }] } }],
});
const cron = (spec: Spec, job: Spec = {}): Spec => ({
  schedule: '0 0 1 1 *',
  ...spec,
  jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [CONTAINER] } }, ...job } },
});
export const http = { httpGet: { path: '/', port: 80 } };

export const UNOWNED_CASES: Readonly<Record<string, Case>> = {
  'the strategy of a Deployment': ['Deployment', {}, { strategy: { type: 'Recreate' } }],
  'the settings of a strategy': [
    'Deployment',
    { strategy: { rollingUpdate: { maxSurge: 2 } } },
    { strategy: { type: 'Recreate' } },
  ],
  'the strategy of a StatefulSet': ['StatefulSet', {}, { updateStrategy: { type: 'OnDelete' } }],
  'the partition of a StatefulSet': [
    'StatefulSet',
    { updateStrategy: { rollingUpdate: { partition: 2 } } },
    { updateStrategy: { type: 'OnDelete' } },
  ],
  'the strategy of a DaemonSet': [
    'DaemonSet',
    { updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } },
    { updateStrategy: { type: 'OnDelete' } },
  ],
  'the account of a pod': ['Deployment', {}, pod({ serviceAccountName: 'reader' })],
  'another account': [
    'Deployment',
    pod({ serviceAccountName: 'writer' }),
    pod({ serviceAccountName: 'reader' }),
  ],
  'the ports of a pod in the network of its host': [
    'DaemonSet',
    container({ ports: [{ containerPort: 80 }] }),
    pod({ hostNetwork: true, containers: [{ ...CONTAINER, ports: [{ containerPort: 80 }] }] }),
  ],
  'two protocols of one port': [
    'Deployment',
    container({ ports: [{ containerPort: 53 }] }),
    container({ ports: [{ containerPort: 53 }, { containerPort: 53, protocol: 'UDP', name: 'dns' }] }),
  ],
  'the tag that the pull policy follows': [
    'Deployment',
    container({ image: 'a:1' }),
    container({ image: 'a' }),
  ],
  'a volume, of a ConfigMap or empty': [
    'Deployment',
    volume({ configMap: { name: 'a' } }),
    volume({ emptyDir: {} }),
  ],
  'a volume, of a Secret or a claim': [
    'Deployment',
    volume({ secret: { secretName: 'a' } }),
    volume({ persistentVolumeClaim: { claimName: 'a' } }),
  ],
  'a volume, of the host or of several sources': [
    'Deployment',
    volume({ hostPath: { path: '/a' } }),
    volume({ projected: { sources: [{ serviceAccountToken: { path: 'a' } }] } }),
  ],
  'a volume, of the pod itself or of its own claim': [
    'Deployment',
    volume({ downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' } }] } }),
    volume({ ephemeral: { volumeClaimTemplate: CLAIM } }),
  ],
  'a volume, iSCSI or a secret': [
    'Deployment',
    volume({ iscsi: { targetPortal: 'a', iqn: 'iqn.2001-04.com.example:a', lun: 0 } }),
    volume({ secret: { secretName: 'a' } }),
  ],
  'a probe by HTTP or a command': [
    'Deployment',
    container({ livenessProbe: http, readinessProbe: { tcpSocket: { port: 80 } } }),
    container({ livenessProbe: { exec: { command: ['a'] } }, readinessProbe: { grpc: { port: 80 } } }),
  ],
  'a probe that goes': ['Deployment', container({ startupProbe: { ...http, periodSeconds: 3 } }), {}],
  'what a container does at its end': [
    'Deployment',
    container({ lifecycle: { preStop: http } }),
    container({ lifecycle: { preStop: { exec: { command: ['a'] } } } }),
  ],
  'a variable, of a field or a value': [
    'Deployment',
    env({ valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
    env({ value: 'a' }),
  ],
  'a variable, of a resource or a Secret': [
    'Deployment',
    env({ valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }),
    env({ valueFrom: { secretKeyRef: { name: 'a', key: 'a' } } }),
  ],
  resources: [
    'Deployment',
    container({ resources: { limits: { cpu: 1, memory: '1Gi' } } }),
    container({ resources: { requests: { cpu: '500m' } } }),
  ],
  'what a pod may do': [
    'Deployment',
    pod({ securityContext: { runAsNonRoot: true, runAsUser: 1 } }),
    container({ securityContext: { privileged: false, capabilities: { drop: ['ALL'] } } }),
  ],
  'the resolver of a pod': [
    'Deployment',
    {},
    pod({ dnsPolicy: 'None', dnsConfig: { nameservers: ['10.0.0.1'] } }),
  ],
  'the spread of pods': [
    'Deployment',
    pod({
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }],
    }),
    pod({
      topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway' }],
    }),
  ],
  'a container more': [
    'Deployment',
    {},
    pod({
      containers: [CONTAINER, { name: 'd', image: 'd' }],
      initContainers: [{ name: 'i', image: 'i', restartPolicy: 'Always' }],
    }),
  ],
  'what happens to claims': [
    'StatefulSet',
    { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
    { minReadySeconds: 3, ordinals: { start: 2 } },
  ],
  'the directions of a NetworkPolicy': [
    'NetworkPolicy',
    { podSelector: {}, ingress: [{}] },
    { podSelector: {}, ingress: [{}], egress: [{ ports: [{ port: 53 }] }] },
  ],
  'the only direction of a NetworkPolicy': [
    'NetworkPolicy',
    { podSelector: {} },
    { podSelector: {}, egress: [{}] },
  ],
  'a Service that keeps its clients apart': [
    'Service',
    service({}),
    service({ sessionAffinity: 'ClientIP' }),
  ],
  'for how long it does': [
    'Service',
    service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }),
    service({}),
  ],
  'a Service with ports of the nodes': ['Service', service({}), service({ type: 'NodePort' })],
  'a Service of a load balancer': [
    'Service',
    service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    service({}),
  ],
  'a Service that is another name': [
    'Service',
    service({}),
    { type: 'ExternalName', externalName: 'a.example' },
  ],
  'the names of ports': [
    'Service',
    { ports: [{ port: 80, name: 'http' }] },
    {
      ports: [
        { port: 80, name: 'web', targetPort: 8080 },
        { port: 81, name: 'admin' },
      ],
    },
  ],
  'what a budget counts': [
    'PodDisruptionBudget',
    { minAvailable: 1, selector: { matchLabels: LABELS } },
    { maxUnavailable: 1, selector: { matchLabels: LABELS }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  ],
  'the behaviour of an HPA': [
    'HorizontalPodAutoscaler',
    scaled({}),
    scaled({ behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } }),
  ],
  'what an HPA measures': [
    'HorizontalPodAutoscaler',
    scaled({ minReplicas: 2 }),
    scaled({
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
    }),
  ],
  'an Ingress with rules, or none': ['Ingress', { defaultBackend: backend }, ruled('Prefix')],
  'the type of a path': ['Ingress', ruled('Exact'), ruled('ImplementationSpecific')],
  'when a CronJob runs': [
    'CronJob',
    cron({}),
    cron({ concurrencyPolicy: 'Forbid', suspend: true, timeZone: 'Etc/UTC', successfulJobsHistoryLimit: 1 }),
  ],
  'the Jobs of a CronJob': [
    'CronJob',
    cron({}, { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 1 }),
    cron(
      {},
      { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] } },
    ),
  ],
  'what may change of a Job': [
    'Job',
    { suspend: true, template: { spec: { restartPolicy: 'Never' } } },
    {
      suspend: true,
      backoffLimit: 2,
      ttlSecondsAfterFinished: 9,
      template: { spec: { restartPolicy: 'Never' } },
    },
  ],
};

export function manifestOf(kind: string, metadata: Manifest['metadata'], spec: Spec): Manifest {
  const isWorkload = !(kind in API_VERSIONS) || kind === 'Job';
  const { template = {}, ...rest } = spec as { template?: { spec?: Spec } };
  const podSpec = { containers: [CONTAINER], ...template.spec };
  const runs = {
    ...rest,
    template: { ...(kind === 'Job' ? {} : { metadata: { labels: LABELS } }), spec: podSpec },
  };
  const own = {
    ...(kind === 'Job' ? {} : { selector: { matchLabels: LABELS } }),
    ...(['Deployment', 'StatefulSet'].includes(kind) ? { replicas: 0 } : {}),
    ...(kind === 'StatefulSet' ? { serviceName: 'none' } : {}),
  };
  return {
    apiVersion: API_VERSIONS[kind] ?? 'apps/v1',
    kind,
    metadata,
    spec: isWorkload ? { ...own, ...runs } : spec,
  };
}
