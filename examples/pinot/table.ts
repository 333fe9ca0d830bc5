/** `PinotTable`: a table in a Pinot cluster, whose segments are loaded anew when their configuration changed. */
import { customResource, defineOperator, differenceOf, externalKind, invalid, ready } from 'durable-operator';
import type { ExternalContext, ExternalKind, Operator, ResourceDefinition } from 'durable-operator';
import { ask, askFor, SETTLES, tellIgnored } from './controller.ts';
import type { InCluster } from './controller.ts';
import type { Json } from './json.ts';
import { jsonIn, textIn } from './json.ts';
import type { Loading } from './segments.ts';
import { loadingOf, reloadSegments } from './segments.ts';

export interface PinotTableSpec extends InCluster {
  /** The PinotSchema resource of the table. */
  readonly pinotSchema: string;
  /** PinotTenant resources that must be ready first. */
  readonly pinotTenants?: readonly string[];
  /** `REALTIME` or `OFFLINE`. */
  readonly pinotTableType: string;
  /** Loads segments anew when a change of the table or its schema asks for it. */
  readonly segmentReload?: boolean;
  /** A table as Pinot's API takes it. */
  readonly 'tables.json': string;
}

export interface WantedTable {
  readonly config: Json;
  readonly reload: boolean;
}

interface RemoteTable {
  readonly kept: unknown;
  /** As Pinot would keep what is wanted: with its defaults, and without what it does not know. */
  readonly expected: unknown;
  readonly loading: Loading;
}

export const Table: ExternalKind<WantedTable> = externalKind<WantedTable, RemoteTable, InCluster>(
  'Table',
  {
    async observe(context, wanted) {
      const { path, type } = placeOf(context);
      const kept = (await askFor(context, `GET ${path}`))?.[type];
      if (!kept || !wanted) return kept ? { kept, expected: kept, loading: {} } : undefined;
      const { [type]: expected } = await ask(context, 'POST /tables/validate', wanted.config);
      return { kept, expected, loading: wanted.reload ? await loadingOf(context, context.name) : {} };
    },
    differs: (_, { kept, expected, loading }) =>
      differenceOf(expected, kept) ??
      differenceOf(kept, expected) ??
      (loading.isDue ? 'the configuration its segments are loaded with' : undefined),
    async create({ config }, context) {
      tellIgnored(context, await ask(context, 'POST /tables', config));
    },
    async update({ config, reload }, { kept, expected }, context) {
      if (differenceOf(expected, kept) ?? differenceOf(kept, expected))
        tellIgnored(context, await ask(context, `PUT ${placeOf(context).path}`, config));
      if (reload) await reloadSegments(context, context.name);
    },
    async remove(_, context) {
      await askFor(context, `DELETE ${placeOf(context).path}`);
    },
    ready: ({ loading }) => loading.progress ?? true,
  },
  SETTLES,
);

/** `flights_REALTIME`: an offline and a realtime table of one name are two tables. */
function placeOf({ name }: ExternalContext<InCluster>): {
  readonly path: `/${string}`;
  readonly type: string;
} {
  const end = name.lastIndexOf('_');
  const type = name.slice(end + 1);
  return { path: `/tables/${encodeURIComponent(name.slice(0, end))}?type=${type}`, type };
}

export const PinotTable: ResourceDefinition<PinotTableSpec> = customResource(
  'datainfra.io/v1beta1',
  'PinotTable',
);

const TYPES: readonly string[] = ['REALTIME', 'OFFLINE'];

const operator: Operator<PinotTableSpec> = defineOperator(PinotTable, {
  externals: [Table],
  desired({ spec }) {
    const config = jsonIn('spec.tables.json', spec['tables.json']);
    const name = textIn('spec.tables.json', config, 'tableName');
    const type = spec.pinotTableType.toUpperCase();
    if (!TYPES.includes(type))
      throw invalid(
        'spec.pinotTableType',
        `is "${spec.pinotTableType}"; use REALTIME or OFFLINE, and for a hybrid table one resource of each`,
      );
    if (config['tableType'] !== type)
      throw invalid('spec.tables.json', `"tableType" is not ${type}, as spec.pinotTableType says`);
    const { pinotCluster: place, pinotSchema, pinotTenants = [], segmentReload: reload = false } = spec;
    const requires = [
      ready('datainfra.io/v1beta1', 'Pinot', place),
      ready('datainfra.io/v1beta1', 'PinotSchema', pinotSchema),
      ...pinotTenants.map((tenant) => ready('datainfra.io/v1beta1', 'PinotTenant', tenant)),
    ];
    const rawName = name.replace(new RegExp(`_${type}$`), '');
    return [Table(`${rawName}_${type}`, { config, reload }, { place, requires })];
  },
});

export default operator;
