/** Schemas as Pinot keeps them: with its defaults, without what it does not know, and growing only. */
import type { Json } from './pinot-denial.ts';
import { Denial } from './pinot-denial.ts';

const LISTS = ['dimensionFieldSpecs', 'metricFieldSpecs', 'dateTimeFieldSpecs'] as const;
const KNOWN: ReadonlySet<string> = new Set([
  'schemaName',
  'enableColumnBasedNullHandling',
  'primaryKeyColumns',
  'description',
  'tags',
  ...LISTS,
]);

export class PinotSchemas {
  readonly all: Map<string, Json> = new Map();

  add(schema: Json, override: boolean): Json {
    const { name, kept, unrecognizedProperties } = read(schema);
    if (this.all.has(name) && !override) throw new Denial(409, `Schema: ${name} already exists`);
    this.all.set(name, kept);
    return { unrecognizedProperties, status: `${name} successfully added` };
  }

  validate(schema: Json): Json {
    const { kept, unrecognizedProperties } = read(schema);
    return { ...kept, unrecognizedProperties };
  }

  get(name: string): Json {
    const schema = this.all.get(name);
    if (!schema) throw new Denial(404, 'Schema not found');
    return schema;
  }

  update(name: string, schema: Json): Json {
    const { name: within, kept, unrecognizedProperties } = read(schema);
    if (name !== within)
      throw new Denial(
        400,
        `Schema name mismatch for uploaded schema, tried to add schema with name ${within} as ${name}`,
      );
    const before = this.all.get(name);
    if (!before) throw new Denial(404, `Failed to find schema ${name}`);
    const after = new Map(columns(kept).map((column) => [column['name'], column['dataType']]));
    if (columns(before).some((column) => after.get(column['name']) !== column['dataType']))
      throw new Denial(400, `Backward incompatible schema ${name}. Only allow adding new columns`);
    this.all.set(name, kept);
    return { unrecognizedProperties, status: `${name} successfully added` };
  }

  remove(name: string, table: string | undefined): Json {
    if (!this.all.has(name)) throw new Denial(404, `Schema ${name} not found`);
    if (table) throw new Denial(409, `Cannot delete schema ${name}, as it is associated with table ${table}`);
    this.all.delete(name);
    return { status: `Schema ${name} deleted` };
  }
}

function read(schema: Json): { name: string; kept: Json; unrecognizedProperties: Json } {
  const name = schema['schemaName'];
  if (typeof name !== 'string' || name === '')
    throw new Denial(400, "Invalid schema. Reason: 'schemaName' should not be null or empty");
  const entries = Object.entries(schema);
  const lists = LISTS.flatMap((list) => {
    const specs = (schema[list] ?? []) as Json[];
    // Pinot writes no empty list, and every field with its defaults.
    return specs.length > 0
      ? [[list, specs.map((spec) => ({ ...spec, notNull: spec['notNull'] ?? false }))]]
      : [];
  });
  return {
    name,
    kept: {
      enableColumnBasedNullHandling: false,
      ...Object.fromEntries(
        entries.filter(([field]) => KNOWN.has(field) && !LISTS.some((list) => list === field)),
      ),
      ...Object.fromEntries(lists),
    },
    unrecognizedProperties: Object.fromEntries(
      entries.filter(([field]) => !KNOWN.has(field)).map(([field, value]) => [`/${field}`, value]),
    ),
  };
}

function columns(schema: Json): Json[] {
  return LISTS.flatMap((list) => (schema[list] ?? []) as Json[]);
}
