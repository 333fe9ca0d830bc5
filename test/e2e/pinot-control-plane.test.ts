/** Schemas, tables and tenants of the Pinot example beside a cluster, in one program, against a controller that fails. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { ObjectRef } from '../../core/refs.ts';
import type { PinotSchemaSpec } from '../../examples/pinot/schema.ts';
import type { PinotTableSpec } from '../../examples/pinot/table.ts';
import type { PinotTenantSpec } from '../../examples/pinot/tenant.ts';
import type { OwnedSandbox } from '../../sandbox/index.ts';
import { startSandbox } from '../../sandbox/index.ts';
import { eventually } from '../../testing/eventually.ts';
import { openTemporal } from '../../worker/index.ts';
import { resourceChanged } from '../../workflows/messages.ts';
import type { Call, Fault } from '../support/http-stand-in.ts';
import { PinotController } from '../support/pinot-controller.ts';
import { freshNamespace, freshTaskQueue } from '../support/sandbox.ts';
import type { Resource } from './example-stage.ts';
import { conditionOf, ExampleStage } from './example-stage.ts';
import type { Pinot } from './pinot-stage.ts';

/** A worker that was killed is given up after its heartbeat timeout; then another begins. */
const AFTER_A_KILL_MS = 90_000;
const PASSWORD = 'control-plane-password';

type Of<Spec extends object> = Resource & { readonly spec: Spec };

describe('schemas, tables and tenants of Pinot', () => {
  let sandbox: OwnedSandbox;
  let remote: PinotController;
  let stage: ExampleStage<Pinot>;
  let pinot: Pinot;
  let schema: Of<PinotSchemaSpec>;
  let tenant: Of<PinotTenantSpec>;
  let table: Of<PinotTableSpec>;
  before(async () => {
    // Workers of the same operators in another test file would take over what is to be taken over here.
    sandbox = await startSandbox({ name: freshTaskQueue('pinot') });
    remote = await PinotController.open({
      brokers: 3,
      login: { user: 'control-plane', password: PASSWORD },
    });
    const namespace = await freshNamespace(sandbox, 'pinot');
    stage = await ExampleStage.open(
      {
        folder: 'pinot',
        module: 'control-plane.ts',
        schemas: ['crd.yaml', 'crd-schema-table-tenant.yaml'],
        group: 'datainfra.io',
        kind: 'Pinot',
      },
      { sandbox, namespace },
    );
    schema = await stage.sample('pinotschema.yaml');
    tenant = await stage.sample('pinottenant.yaml');
    table = await stage.sample('pinottable.yaml');
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
    await sandbox?.stop();
  });

  async function ready({ kind, metadata }: Resource, timeoutMs = 40_000): Promise<void> {
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

  async function gone(sample: Resource, timeoutMs = 40_000): Promise<void> {
    const title = `${sample.kind} ${sample.metadata.name} is gone`;
    await eventually(title, async () => !(await stage.api.get(refOf(sample))), { timeoutMs });
  }

  async function lookAgain(plural: string, name: string): Promise<void> {
    const { client, close } = await openTemporal({ temporalAddress: sandbox.temporal.address });
    const id = `${plural}.datainfra.io/${stage.namespace}/${name}`;
    await client.workflow.getHandle(id).signal(resourceChanged, { resync: true });
    await close();
  }

  /** Kills the program when every one of these calls was carried out and none was answered, and starts it again. */
  async function killedDuring(...calls: readonly string[]): Promise<void> {
    const held = new Set<string>();
    const released = Promise.withResolvers<void>();
    remote.http.fault = ({ method, path }: Call): Fault | undefined => {
      const call = `${method} ${path}`;
      if (!calls.includes(call) || held.has(call)) return undefined;
      held.add(call);
      return { kind: 'hold', until: released.promise };
    };
    await eventually(`${calls.join(', ')} are under way`, () => held.size === calls.length, {
      timeoutMs: 40_000,
    });
    await stage.kill();
    released.resolve();
    await stage.start();
  }

  function count(...calls: readonly string[]): readonly number[] {
    return calls.map((call) => remote.http.calls.filter((each) => each === call).length);
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
    await ready(schema);
  });

  it('are created once, though the program is killed in the middle', async () => {
    await stage.want(tenant);
    await killedDuring('POST /tenants');
    await killedDuring('POST /tables');
    await ready(tenant, AFTER_A_KILL_MS);
    await ready(table, AFTER_A_KILL_MS);
    assert.deepEqual(count('POST /schemas', 'POST /tenants', 'POST /tables'), [1, 1, 1]);
    assert.deepEqual([...remote.schemas.all.keys()], ['flights']);
    assert.deepEqual([...remote.tables.all.keys()], ['flights_REALTIME']);
    assert.equal(remote.tenants.tagged('flightsBrokers_BROKER').length, 1);
  });

  it('change as their resources do, once, though the program is killed in the middle', async () => {
    remote.tables.edit('flights_REALTIME', () => ({ segments: 4 }));
    remote.tables.loadsAtOnce = 1;
    schema = edited(
      schema,
      'schema.json',
      '{ "name": "origin"',
      '{ "name": "tail", "dataType": "STRING" }, { "name": "origin"',
    );
    tenant = edited(tenant, 'tenants.json', '"numberOfInstances": 1', '"numberOfInstances": 2');
    table = edited(table, 'tables.json', '"MMAP"', '"HEAP"');
    const killed = killedDuring('PUT /schemas/flights', 'PUT /tenants');
    await Promise.all([stage.want(schema), stage.want(tenant), stage.want(table)]);
    await killed;
    // What a table requires is changed before the table is.
    await killedDuring('PUT /tables/flights');
    await Promise.all([ready(schema, AFTER_A_KILL_MS), ready(tenant, AFTER_A_KILL_MS)]);
    await stage.until(
      'flights',
      'tells of the reload',
      (status) =>
        /its segments are being loaded anew: 1 of 4/.test(conditionOf(status, 'Ready')?.message ?? ''),
      { kind: 'PinotTable', timeoutMs: AFTER_A_KILL_MS },
    );
    remote.tables.finishReloads();
    await ready(table);
    assert.deepEqual(count('PUT /schemas/flights', 'PUT /tenants', 'PUT /tables/flights'), [1, 1, 1]);
    assert.deepEqual(count('POST /segments/flights_REALTIME/reload'), [1]);
    assert.equal(remote.tenants.tagged('flightsBrokers_BROKER').length, 2);
  });

  it('are put back when somebody changes them in Pinot', async () => {
    remote.tables.edit('flights_REALTIME', ({ config }) => ({
      config: { ...config, query: { timeoutMs: 1 } },
    }));
    remote.schemas.all.delete('flights');
    for (const tags of remote.tenants.tags.values()) tags.delete('flightsBrokers_BROKER');
    await lookAgain('pinotschemas', 'flights');
    await eventually('the schema is there', () => remote.schemas.all.has('flights'));
    await Promise.all([lookAgain('pinottables', 'flights'), lookAgain('pinottenants', 'flights-brokers')]);
    await eventually(
      'the table is as desired',
      () => remote.tables.all.get('flights_REALTIME')?.config['query'] === undefined,
    );
    await eventually(
      'the tenant has its brokers',
      () => remote.tenants.tagged('flightsBrokers_BROKER').length === 2,
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

  it('wait for Pinot to let them go, and go once, though the program is killed in the middle', async () => {
    await remove(schema);
    await message(schema, /Cannot delete schema flights, as it is associated with table flights_REALTIME/);
    const killed = killedDuring('DELETE /tables/flights');
    await remove(table);
    await killed;
    await gone(table, AFTER_A_KILL_MS);
    await remove(tenant);
    await Promise.all([gone(tenant), gone(schema, AFTER_A_KILL_MS)]);
    assert.deepEqual(count('DELETE /tables/flights', 'DELETE /tenants/flightsBrokers'), [1, 1]);
    assert.deepEqual([remote.schemas.all.size, remote.tables.all.size], [0, 0]);
    assert.deepEqual(remote.tenants.tagged('flightsBrokers_BROKER'), []);
  });
});

/** The same with something else in its JSON. */
function edited<Spec extends object>(
  sample: Of<Spec>,
  field: keyof Spec & string,
  from: string,
  to: string,
): Of<Spec> {
  const text = String(sample.spec[field]);
  assert.ok(text.includes(from), `${field} has no ${from}`);
  return { ...sample, spec: { ...sample.spec, [field]: text.replace(from, to) } };
}
