/** `PinotSchema`: a schema in a Pinot cluster. A changed one may add columns; Pinot refuses what breaks its tables. */
import { customResource, defineOperator, differenceOf, externalKind, ready } from 'durable-operator';
import type { ExternalKind, Operator, ResourceDefinition } from 'durable-operator';
import { ask, askFor, SETTLES, tellIgnored } from './controller.ts';
import type { InCluster } from './controller.ts';
import type { Json } from './json.ts';
import { jsonIn, textIn } from './json.ts';

export interface PinotSchemaSpec extends InCluster {
  /** A schema as Pinot's API takes it. */
  readonly 'schema.json': string;
}

interface RemoteSchema {
  readonly kept: Json;
  /** As Pinot would keep what is wanted: with its defaults, and without what it does not know. */
  readonly expected: Json;
}

export const Schema: ExternalKind<Json> = externalKind<Json, RemoteSchema, InCluster>(
  'Schema',
  {
    async observe(context, wanted) {
      const kept = await askFor(context, `GET /schemas/${encodeURIComponent(context.name)}`);
      if (!kept || !wanted) return kept && { kept, expected: kept };
      const { unrecognizedProperties: _, ...expected } = await ask(context, 'POST /schemas/validate', wanted);
      return { kept, expected };
    },
    differs: (_, { kept, expected }) => differenceOf(expected, kept) ?? differenceOf(kept, expected),
    async create(wanted, context) {
      tellIgnored(context, await ask(context, 'POST /schemas?override=false', wanted));
    },
    async update(wanted, _, context) {
      tellIgnored(context, await ask(context, `PUT /schemas/${encodeURIComponent(context.name)}`, wanted));
    },
    async remove(_, context) {
      await askFor(context, `DELETE /schemas/${encodeURIComponent(context.name)}`);
    },
  },
  SETTLES,
);

export const PinotSchema: ResourceDefinition<PinotSchemaSpec> = customResource(
  'datainfra.io/v1beta1',
  'PinotSchema',
);

const operator: Operator<PinotSchemaSpec> = defineOperator(PinotSchema, {
  externals: [Schema],
  desired({ spec }) {
    const schema = jsonIn('spec.schema.json', spec['schema.json']);
    const requires = [ready('datainfra.io/v1beta1', 'Pinot', spec.pinotCluster)];
    return [
      Schema(textIn('spec.schema.json', schema, 'schemaName'), schema, {
        place: spec.pinotCluster,
        requires,
      }),
    ];
  },
});

export default operator;
