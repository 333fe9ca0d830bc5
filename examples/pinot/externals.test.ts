import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { InvalidResource, plan } from 'durable-operator';
import type { Operator, Resource } from 'durable-operator';
import { parse } from 'yaml';
import { jsonIn } from './json.ts';
import schemaOperator from './schema.ts';
import tableOperator from './table.ts';
import tenantOperator from './tenant.ts';

function sample<Spec>(name: string, changes: Partial<Spec> = {}): Resource<Spec> {
  const file = new URL(`samples/${name}.yaml`, import.meta.url);
  const { metadata, spec, ...rest } = parse(readFileSync(file, 'utf8')) as Resource<Spec>;
  return {
    ...rest,
    metadata: { ...metadata, namespace: 'default', uid: 'u', generation: 1 },
    spec: { ...spec, ...changes },
  };
}

function keysOf<Spec>(operator: Operator<Spec>, resource: Resource<Spec>): readonly string[] {
  return plan(operator, resource).objects.map(({ key }) => key);
}

function refusal<Spec>(operator: Operator<Spec>, resource: Resource<Spec>): string {
  try {
    plan(operator, resource);
  } catch (error) {
    assert.ok(error instanceof InvalidResource);
    return error.message;
  }
  throw new Error('it was not refused');
}

describe('schemas, tables and tenants of Pinot', () => {
  it('are one object each, in the cluster that they name', () => {
    assert.deepEqual(keysOf(schemaOperator, sample('pinotschema')), [
      'Schema.external.durable-operator.dev/pinot/flights',
    ]);
    assert.deepEqual(keysOf(tableOperator, sample('pinottable')), [
      'Table.external.durable-operator.dev/pinot/flights_REALTIME',
    ]);
    assert.deepEqual(keysOf(tenantOperator, sample('pinottenant')), [
      'Tenant.external.durable-operator.dev/pinot/flightsBrokers_BROKER',
    ]);
  });

  it('wait for the cluster, and a table for its schema and tenants', () => {
    const required = plan(tableOperator, sample('pinottable')).objects[0]?.desired.options.requires ?? [];
    assert.deepEqual(
      required.map(({ kind, name }) => `${kind}/${name}`),
      ['Pinot/pinot', 'PinotSchema/flights', 'PinotTenant/flights-brokers'],
    );
  });

  it('are refused when their type is none, or not that of the JSON', () => {
    assert.match(
      refusal(tableOperator, sample('pinottable', { pinotTableType: 'both' })),
      /^spec.pinotTableType: is "both"/,
    );
    assert.match(
      refusal(tableOperator, sample('pinottable', { pinotTableType: 'offline' })),
      /"tableType" is not OFFLINE/,
    );
    assert.match(
      refusal(tenantOperator, sample('pinottenant', { pinotTenantType: 'SERVER' })),
      /"tenantRole" is not SERVER/,
    );
    assert.match(
      refusal(schemaOperator, sample('pinotschema', { 'schema.json': '{}' })),
      /"schemaName" is missing/,
    );
  });
});

describe('the JSON in a resource', () => {
  it('is refused with the line and column of what is wrong, and with nothing of its values', () => {
    const told = (text: string): string => {
      try {
        return JSON.stringify(jsonIn('spec.x', text));
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.equal(
      told('{\n  "password": "hunter2",\n  "a": }'),
      'spec.x: is no JSON: "}" is unexpected at line 3, column 8',
    );
    assert.equal(
      told('{ "a": "hunter2" "b": 1 }'),
      'spec.x: is no JSON: "\\"" is unexpected at line 1, column 18',
    );
    assert.equal(told('{ "a": [1, 2'), 'spec.x: is no JSON: it ends too early at line 1, column 13');
    assert.equal(told('{ "a": tru }'), 'spec.x: is no JSON: " " is unexpected at line 1, column 11');
    assert.equal(told(''), 'spec.x: is no JSON: it ends too early at line 1, column 1');
    assert.equal(told('[]'), 'spec.x: is no JSON object; write one between { and }');
    assert.equal(told('{ "a": 1 }'), '{"a":1}');
  });
});
