/** Mistakes about objects and their order, refused where they are written. Compiled, never run. */
import {
  configMap,
  deployment,
  inOrder,
  networkPolicy,
  persistentVolumeClaim,
  secret,
  service,
  statefulSet,
} from 'durable-operator';
import type { Context, DesiredObject, Ordered } from 'durable-operator';

const template = { spec: { containers: [{ name: 'app', image: 'app:1' }] } };
const config: DesiredObject = configMap('app-config', { data: { 'app.conf': 'debug=false' } });

export const selectorOfTheRuntime: DesiredObject = statefulSet('app', {
  template,
  // @ts-expect-error the runtime gives a workload its selector
  selector: { matchLabels: { app: 'app' } },
});

export const selectorOfADeployment: DesiredObject = deployment('app', {
  template,
  // @ts-expect-error the runtime gives a workload its selector
  selector: { matchLabels: { app: 'app' } },
});

// @ts-expect-error a workload needs a pod template
export const noTemplate: DesiredObject = deployment('app', { replicas: 1 });

export const fieldOfNoKind: DesiredObject = deployment('app', {
  template,
  // @ts-expect-error a Deployment has no volumeClaimTemplates
  volumeClaimTemplates: [],
});

export const ownerOfTheRuntime: DesiredObject = configMap('app-config', {
  // @ts-expect-error the runtime owns the metadata; labels and annotations are options
  metadata: { ownerReferences: [] },
});

export const textOfASecret: DesiredObject = secret('app-password', {
  // @ts-expect-error a Secret is given as `data`, in base64
  stringData: { password: 'example' },
});

export const numberInAConfigMap: DesiredObject = configMap('app-config', {
  // @ts-expect-error the values of a ConfigMap are text
  data: { port: 8080 },
});

// @ts-expect-error an object is used by reference, so that it exists and its change restarts the pods
export const usesAName: DesiredObject = deployment('app', { template }, { uses: ['app-config'] });

// @ts-expect-error `uses` is a list
export const usesNoList: DesiredObject = deployment('app', { template }, { uses: config });

export const roleOfAConfigMap: DesiredObject = configMap(
  'app-config',
  {},
  // @ts-expect-error only what runs pods has a role
  { role: 'server' },
);

export const gateOfAService: DesiredObject = service(
  'app',
  { ports: [{ port: 80 }] },
  // @ts-expect-error only what runs pods has a gate
  { gate: saysWhy },
);

// @ts-expect-error a gate that is closed says why
export const gateWithoutAReason: DesiredObject = deployment('app', { template }, { gate: isReady });

// @ts-expect-error a gate that is closed says why, later as well
export const laterGateWithoutAReason: DesiredObject = deployment('app', { template }, { gate: isReadyLater });

// @ts-expect-error a hook is a function, run again when its worker dies
export const hookAlreadyRun: DesiredObject = deployment('app', { template }, { after: rebalance() });

export const targetByName: DesiredObject = networkPolicy(
  'app',
  { policyTypes: ['Ingress'] },
  // @ts-expect-error the target is a workload, not its name
  { target: 'app' },
);

export const retainedByWord: DesiredObject = persistentVolumeClaim(
  'app-data',
  { accessModes: ['ReadWriteOnce'] },
  // @ts-expect-error `retain` is true or false
  { retain: 'always' },
);

// @ts-expect-error workloads are ordered by reference
export const orderOfNames: Ordered = inOrder(['broker', 'server'], ['app-broker', 'app-server']);

// @ts-expect-error the order is a list of roles
export const orderOfOneRole: Ordered = inOrder('broker', [
  deployment('app', { template }, { role: 'broker' }),
]);

export const orderWithATypo: Ordered = inOrder(
  ['brokr', 'server'],
  // @ts-expect-error a workload has a role that the order does not list
  [deployment('app', { template }, { role: 'broker' }), deployment('db', { template }, { role: 'server' })],
);

export const roleWithATypo: Ordered = inOrder(
  ['broker'],
  // @ts-expect-error a workload has a role that the order does not list
  [deployment('app', { template }, { role: 'brokr' })],
);

function isReady(): boolean {
  return false;
}

async function isReadyLater(): Promise<boolean> {
  return false;
}

function saysWhy({ object }: Context): true | string {
  return object ? true : 'nothing to look at yet';
}

async function rebalance(): Promise<void> {}
