/** `PinotTenant`: how many brokers or servers of a Pinot cluster serve a tenant. */
import { customResource, defineOperator, externalKind, invalid, ready } from 'durable-operator';
import type { ExternalKind, Operator, ResourceDefinition } from 'durable-operator';
import { ask, askFor, SETTLES } from './controller.ts';
import type { InCluster } from './controller.ts';
import type { Json } from './json.ts';
import { jsonIn, textIn } from './json.ts';

export interface PinotTenantSpec extends InCluster {
  /** `BROKER` or `SERVER`. */
  readonly pinotTenantType: string;
  /** A tenant as Pinot's API takes it. */
  readonly 'tenants.json': string;
}

/** How Pinot lists the instances of a tenant, and which number it is asked for by. */
const COUNTS = {
  BROKER: { numberOfInstances: 'BrokerInstances' },
  SERVER: {
    numberOfInstances: 'ServerInstances',
    offlineInstances: 'OfflineServerInstances',
    realtimeInstances: 'RealtimeServerInstances',
  },
} as const;

export const Tenant: ExternalKind<Json> = externalKind<Json, Json, InCluster>(
  'Tenant',
  {
    observe: (context) => askFor(context, `GET ${pathOf(context.name)}`),
    differs(wanted, remote) {
      const counts = Object.entries(COUNTS[wanted['tenantRole'] as keyof typeof COUNTS]);
      return counts.find(
        ([number, list]) => wanted[number] !== undefined && wanted[number] !== sizeOf(remote[list]),
      )?.[0];
    },
    async create(wanted, context) {
      await ask(context, 'POST /tenants', wanted);
    },
    async update(wanted, _, context) {
      await ask(context, 'PUT /tenants', wanted);
    },
    async remove(_, context) {
      await askFor(context, `DELETE ${pathOf(context.name)}`);
    },
  },
  SETTLES,
);

/** `flights_BROKER`: a broker tenant and a server tenant may have one name. */
function pathOf(name: string): `/tenants/${string}` {
  const end = name.lastIndexOf('_');
  return `/tenants/${encodeURIComponent(name.slice(0, end))}?type=${name.slice(end + 1)}`;
}

function sizeOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

export const PinotTenant: ResourceDefinition<PinotTenantSpec> = customResource(
  'datainfra.io/v1beta1',
  'PinotTenant',
);

const operator: Operator<PinotTenantSpec> = defineOperator(PinotTenant, {
  externals: [Tenant],
  desired({ spec }) {
    const tenant = jsonIn('spec.tenants.json', spec['tenants.json']);
    const name = textIn('spec.tenants.json', tenant, 'tenantName');
    const role = spec.pinotTenantType.toUpperCase();
    if (!(role in COUNTS))
      throw invalid('spec.pinotTenantType', `is "${spec.pinotTenantType}"; use BROKER or SERVER`);
    if (tenant['tenantRole'] !== role)
      throw invalid('spec.tenants.json', `"tenantRole" is not ${role}, as spec.pinotTenantType says`);
    const requires = [ready('datainfra.io/v1beta1', 'Pinot', spec.pinotCluster)];
    return [Tenant(`${name}_${role}`, tenant, { place: spec.pinotCluster, requires })];
  },
});

export default operator;
