/** What is known of the values that the API server fills in by itself; for `unowned-fields.ts`. */
import { own } from './own.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Kinds in which nothing of the sort matters: they have no defaults, or their spec never changes. */
export const SELDOM_DEFAULTED: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'Secret',
  'ServiceAccount',
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  'ControllerRevision.apps',
  'Role.rbac.authorization.k8s.io',
  'RoleBinding.rbac.authorization.k8s.io',
]);

/** What the server gives once, when an object is created: without it the object would be another, or be refused. */
const GIVEN_ONCE: Readonly<Record<string, ReadonlySet<string>>> = {
  Service: new Set([
    'spec.clusterIP',
    'spec.clusterIPs',
    'spec.healthCheckNodePort',
    'spec.ipFamilies',
    'spec.ipFamilyPolicy',
    'spec.ports[].nodePort',
  ]),
  'Ingress.networking.k8s.io': new Set(['spec.ingressClassName']),
  'Job.batch': new Set(['spec.selector', 'spec.completions', 'spec.completionMode']),
};

/** @param path for example `spec.ports[].nodePort` */
export function isKeptAsIs(kind: string, path: string): boolean {
  // Others decide about replicas, and may do so between two requests.
  return path === 'spec.replicas' || own(GIVEN_ONCE, kind)?.has(path) === true;
}

/** Defaults that depend on nothing else; a field that is not here costs one more write when something beside it changes. */
const CONSTANT: Fields = {
  dnsPolicy: 'ClusterFirst',
  defaultMode: 420,
  failureThreshold: 3,
  periodSeconds: 10,
  progressDeadlineSeconds: 600,
  protocol: 'TCP',
  resources: {},
  restartPolicy: 'Always',
  revisionHistoryLimit: 10,
  schedulerName: 'default-scheduler',
  scheme: 'HTTP',
  securityContext: {},
  successThreshold: 1,
  terminationGracePeriodSeconds: 30,
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  timeoutSeconds: 1,
};

/** Whether the server would fill in the same once more. `beside` is what is wanted in the same map. */
export function isSameByDefault(name: string, value: unknown, beside: Fields): boolean {
  const expected = name === 'imagePullPolicy' ? pullPolicyOf(beside['image']) : own(CONSTANT, name);
  return expected !== undefined && JSON.stringify(expected) === JSON.stringify(value);
}

/** `Always` where the tag is `latest` or missing (SetDefaults_Container). */
function pullPolicyOf(image: unknown): string | undefined {
  if (typeof image !== 'string') return undefined;
  if (image.includes('@')) return 'IfNotPresent';
  const [, tag = 'latest'] = /:([^/:]*)$/.exec(image) ?? [];
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}
