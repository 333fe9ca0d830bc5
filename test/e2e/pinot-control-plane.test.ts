/** Schemas, tables and tenants of the Pinot example beside a cluster, in one program, against a controller that fails. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { ObjectRef } from '../../core/refs.ts';
import { eventually } from '../../testing/eventually.ts';
import { openTemporal } from '../../worker/index.ts';
import { resourceChanged } from '../../workflows/messages.ts';
import { PinotController } from '../support/pinot-controller.ts';
import type { Resource } from './example-stage.ts';
import { conditionOf, ExampleStage } from './example-stage.ts';
import type { Schema, Table, Tenant, Triple } from './pinot-samples.ts';
import { edited, renamed, withType } from './pinot-samples.ts';
import type { Pinot } from './pinot-stage.ts';

/** A worker that was killed is given up after its heartbeat timeout; then another begins. */
const AFTER_A_KILL_MS = 90_000;
const PASSWORD = 'control-plane-password';

/** Every call that changes something, by when it can be under way. */
const FIRST = [
  'POST /schemas',
  'POST /tenants',
  'PUT /schemas/flights',
  'PUT /tenants',
  'POST /segments/flights_OFFLINE/reload',
  'DELETE /tables/old',
];
const THEN = ['POST /tables', 'PUT /tables/flights'];
const LAST = ['DELETE /schemas/old', 'DELETE /tenants/oldBrokers'];

describe('schemas, tables and tenants of Pinot', () => {
  let remote: PinotController;
  let stage: ExampleStage<Pinot>;
  let pinot: Pinot;
  let schema: Schema;
  let tenant: Tenant;
  let table: Table;
  let offline: Table;
  let old: Triple;
  let fresh: Triple;
  before(async () => {
    remote = await PinotController.open({
      brokers: 5,
      login: { user: 'control-plane', password: PASSWORD },
    });
    stage = await ExampleStage.open({
      folder: 'pinot',
      module: 'control-plane.ts',
      schemas: ['crd.yaml', 'crd-schema-table-tenant.yaml'],
      group: 'datainfra.io',
      kind: 'Pinot',
    });
    schema = await stage.sample('pinotschema.yaml');
    tenant = await stage.sample('pinottenant.yaml');
    table = await stage.sample('pinottable.yaml');
    [old, fresh] = ['old', 'fresh'].map((name) => renamed({ schema, tenant, table }, name)) as [
      Triple,
      Triple,
    ];
    offline = withType(table, 'OFFLINE');
    const { metadata, spec, ...rest } = await stage.sample('pinot.yaml');
    pinot = {
      ...rest,
      metadata: { ...metadata, annotations: { 'datainfra.io/controller-url': remote.http.url } },
      spec: { ...spec, auth: { type: 'basic', secretRef: { name: 'control-plane' } } },
    };
  });
  afterEach(() => {
    remote.http.fault = () => undefined;
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
    await remote?.[Symbol.asyncDispose]();
  });

  async function ready({ kind, metadata }: Resource, timeoutMs = 60_000): Promise<void> {
    await stage.until(
      metadata.name,
      'is Ready',
      (status) => conditionOf(status, 'Ready')?.status === 'True',
      { kind, timeoutMs },
    );
  }

  function message({ kind, metadata }: Resource, wanted: RegExp): Promise<Pinot> {
    return stage.until(
      metadata.name,
      `says ${wanted}`,
      (status) => wanted.test(conditionOf(status, 'Ready')?.message ?? ''),
      { kind },
    );
  }

  function refOf({ kind, metadata }: Resource): ObjectRef {
    return stage.ref(kind, metadata.name, 'datainfra.io');
  }

  async function remove(sample: Resource): Promise<void> {
    const live = await stage.api.get(refOf(sample));
    await stage.api.remove(refOf(sample), { uid: live?.metadata.uid ?? '' });
  }

  async function gone(sample: Resource, timeoutMs = 60_000): Promise<void> {
    const title = `${sample.kind} ${sample.metadata.name} is gone`;
    await eventually(title, async () => !(await stage.api.get(refOf(sample))), { timeoutMs });
  }

  async function lookAgain(plural: string, name: string): Promise<void> {
    const { sandbox, namespace } = stage;
    const temporal = { temporalAddress: sandbox.temporal.address, temporalNamespace: namespace };
    const { client, close } = await openTemporal(temporal);
    const id = `${plural}.datainfra.io/${namespace}/${name}`;
    await client.workflow.getHandle(id).signal(resourceChanged, { resync: true });
    await close();
  }

  /** Kills the program, and starts it again when nobody is there to hear what it was told. */
  async function restarted(meanwhile: () => void): Promise<void> {
    await stage.kill();
    meanwhile();
    await stage.start();
  }

  it('wait for their cluster, a table for its schema and its tenants, and say so', async () => {
    await stage.want(table);
    const { status } = await message(table, /Pinot pinot/);
    assert.equal(conditionOf(status, 'Ready')?.reason, 'DependencyNotReady');
    await stage.want(pinot);
    await message(table, /PinotSchema flights/);
    assert.deepEqual(remote.http.calls, []);
  });

  it('say that their Secret is missing, and go on when it is there', async () => {
    await stage.want(schema);
    await message(schema, /Secret .*control-plane is not there/);
    await stage.api.apply(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'control-plane', namespace: stage.namespace },
        data: {
          CONTROL_PLANE_USERNAME: Buffer.from('control-plane\n').toString('base64'),
          CONTROL_PLANE_PASSWORD: Buffer.from(PASSWORD).toString('base64'),
        },
      },
      { fieldManager: 'kubectl' },
    );
    const others = [tenant, offline, old.schema, old.tenant, old.table];
    await Promise.all(others.map((each) => stage.want(each)));
    await Promise.all([schema, table, ...others].map((each) => ready(each)));
    assert.deepEqual([...remote.schemas.all.keys()].sort(), ['flights', 'old']);
    assert.deepEqual([...remote.tables.all.keys()].sort(), [
      'flights_OFFLINE',
      'flights_REALTIME',
      'old_REALTIME',
    ]);
  });

  /** What an administrator does at one time, so that one kill hits many calls. */
  it('are created, changed and let go once, though the program is killed in the middle of each call', async () => {
    remote.tables.loadsAtOnce = 1;
    remote.tables.edit('flights_REALTIME', () => ({ segments: 4 }));
    remote.tables.edit('flights_OFFLINE', () => ({ segments: 4, stale: true }));
    schema = edited(
      schema,
      'schema.json',
      '{ "name": "origin"',
      '{ "name": "tail", "dataType": "STRING" }, { "name": "origin"',
    );
    tenant = edited(tenant, 'tenants.json', '"numberOfInstances": 1', '"numberOfInstances": 2');
    table = edited(table, 'tables.json', '"MMAP"', '"HEAP"');
    const before = remote.http.calls.length;
    const held = remote.http.holding(...FIRST, ...THEN, ...LAST);
    const wanted = [fresh.schema, fresh.tenant, fresh.table, schema, tenant, table];
    await Promise.all([...wanted.map((each) => stage.want(each)), remove(old.table)]);
    await lookAgain('pinottables', 'flights-offline');
    await held.underWay(...FIRST);
    await restarted(held.letGo);
    // What a table requires is there, and is changed, before the table is.
    await held.underWay(...THEN);
    await Promise.all([remove(old.schema), remove(old.tenant)]);
    await held.underWay(...LAST);
    await restarted(held.letGo);
    const all = [fresh.schema, fresh.tenant, fresh.table, schema, tenant];
    await Promise.all([
      ...all.map((each) => ready(each, AFTER_A_KILL_MS)),
      ...[old.schema, old.tenant, old.table].map((each) => gone(each, AFTER_A_KILL_MS)),
    ]);
    await stage.until(
      'flights',
      'tells of the reload',
      (status) =>
        /its segments are being loaded anew: 1 of 4/.test(conditionOf(status, 'Ready')?.message ?? ''),
      { kind: 'PinotTable', timeoutMs: AFTER_A_KILL_MS },
    );
    remote.tables.finishReloads();
    await Promise.all([ready(table), ready(offline)]);
    const reloads = ['OFFLINE', 'REALTIME'].map((type) => `POST /segments/flights_${type}/reload`);
    const writes = remote.http.calls
      .slice(before)
      .filter((call) => !call.startsWith('GET ') && !call.endsWith('/validate'));
    assert.deepEqual(writes.sort(), [...new Set([...FIRST, ...THEN, ...LAST, ...reloads])].sort());
    assert.deepEqual([...remote.schemas.all.keys()].sort(), ['flights', 'fresh']);
    assert.deepEqual([...remote.tables.all.keys()].sort(), [
      'flights_OFFLINE',
      'flights_REALTIME',
      'fresh_REALTIME',
    ]);
    const brokers = ['flights', 'fresh', 'old'].map(
      (name) => remote.tenants.tagged(`${name}Brokers_BROKER`).length,
    );
    assert.deepEqual(brokers, [2, 1, 0]);
  });

  it('wait for Pinot to let them go', async () => {
    await remove(fresh.schema);
    await message(fresh.schema, /Cannot delete schema fresh, as it is associated with table fresh_REALTIME/);
    await remove(fresh.table);
    await gone(fresh.table);
    await remove(fresh.tenant);
    await gone(fresh.tenant);
  });

  it('are put back when somebody changes them in Pinot', async () => {
    remote.tables.edit('flights_REALTIME', ({ config }) => ({
      config: { ...config, query: { timeoutMs: 1 } },
    }));
    remote.schemas.all.delete('flights');
    for (const tags of remote.tenants.tags.values()) tags.delete('flightsBrokers_BROKER');
    // Pinot refuses a table whose schema or brokers are away, and a refusal is tried again after a while.
    await Promise.all([lookAgain('pinotschemas', 'flights'), lookAgain('pinottenants', 'flights-brokers')]);
    await eventually('the schema is there', () => remote.schemas.all.has('flights'));
    await eventually(
      'the tenant has its brokers',
      () => remote.tenants.tagged('flightsBrokers_BROKER').length === 2,
    );
    await lookAgain('pinottables', 'flights');
    await eventually(
      'the table is as desired',
      () => remote.tables.all.get('flights_REALTIME')?.config['query'] === undefined,
    );
    await Promise.all([ready(schema), ready(tenant), ready(table)]);
  });

  it('show what Pinot says word for word, and no credentials', async () => {
    const told = { code: 400, error: `Backward incompatible; you are ${PASSWORD} | "quoted"` };
    remote.http.fault = ({ method, path }) =>
      method === 'PUT' && path === '/schemas/flights'
        ? { kind: 'refuse', reply: { status: 400, body: told } }
        : undefined;
    await stage.want(edited(schema, 'schema.json', '"INT" }', '"LONG" }'));
    const { status } = await message(schema, /Backward/);
    assert.equal(conditionOf(status, 'Stalled')?.reason, 'RemoteRefused');
    assert.equal(
      conditionOf(status, 'Ready')?.message,
      'Schema pinot/flights: Pinot answered 400 to PUT /schemas/flights: Backward incompatible; you are *** | "quoted"',
    );
    remote.http.fault = () => undefined;
    await stage.want(schema);
    await ready(schema);
  });

  it('are refused with the place of an error in their JSON, and stay what they are', async () => {
    await stage.want(edited(table, 'tables.json', '"HEAP",', '"HEAP"'));
    const { status } = await message(table, /is no JSON/);
    assert.equal(conditionOf(status, 'Stalled')?.reason, 'PlanInvalid');
    assert.match(
      conditionOf(status, 'Ready')?.message ?? '',
      /^spec.tables.json: is no JSON: .* at line 13, column \d+$/,
    );
    assert.ok(remote.tables.all.has('flights_REALTIME'));
    await stage.want(table);
    await ready(table);
  });

  it('are gone when Pinot has let them go', async () => {
    await gone(fresh.schema);
    assert.deepEqual([...remote.schemas.all.keys()], ['flights']);
    assert.deepEqual([...remote.tables.all.keys()].sort(), ['flights_OFFLINE', 'flights_REALTIME']);
    assert.deepEqual(remote.tenants.tagged('freshBrokers_BROKER'), []);
  });
});
