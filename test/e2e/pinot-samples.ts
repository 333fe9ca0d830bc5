/** Changes of the samples of schemas, tables and tenants. */
import assert from 'node:assert/strict';
import type { PinotSchemaSpec } from '../../examples/pinot/schema.ts';
import type { PinotTableSpec } from '../../examples/pinot/table.ts';
import type { PinotTenantSpec } from '../../examples/pinot/tenant.ts';
import type { Resource } from './example-stage.ts';

type Of<Spec extends object> = Resource & { readonly spec: Spec };
export type Schema = Of<PinotSchemaSpec>;
export type Tenant = Of<PinotTenantSpec>;
export type Table = Of<PinotTableSpec>;

/** What needs one another. */
export interface Triple {
  readonly schema: Schema;
  readonly tenant: Tenant;
  readonly table: Table;
}

/** All three, under another name, in Kubernetes and in Pinot. */
export function renamed(sample: Triple, name: string): Triple {
  return JSON.parse(JSON.stringify(sample).replaceAll('flights', name)) as Triple;
}

/** The same with something else in its JSON. */
export function edited<Spec extends object>(
  sample: Of<Spec>,
  field: keyof Spec & string,
  from: string,
  to: string,
): Of<Spec> {
  const text = String(sample.spec[field]);
  assert.ok(text.includes(from), `${field} has no ${from}`);
  return { ...sample, spec: { ...sample.spec, [field]: text.replace(from, to) } };
}

/** The other half of a hybrid table. */
export function withType(table: Table, type: 'OFFLINE' | 'REALTIME'): Table {
  const { metadata, spec } = table;
  return {
    ...table,
    metadata: { ...metadata, name: `${metadata.name}-${type.toLowerCase()}` },
    spec: {
      ...spec,
      pinotTableType: type,
      'tables.json': spec['tables.json'].replace(`"${spec.pinotTableType}"`, `"${type}"`),
    },
  };
}
