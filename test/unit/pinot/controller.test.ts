/** The stand-in against what Pinot's own documentation and REST resources say of each call. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PinotController } from '../../support/pinot-controller.ts';

const SCHEMA = { schemaName: 'flights', dimensionFieldSpecs: [{ name: 'carrier', dataType: 'STRING' }] };
const TABLE = { tableName: 'flights', tableType: 'REALTIME', tableIndexConfig: { loadMode: 'MMAP' } };

describe('the stand-in for a Pinot controller', () => {
  let pinot: PinotController;
  before(async () => {
    pinot = await PinotController.open({
      brokers: 2,
      servers: 3,
      login: { user: 'admin', password: 'verysecret' },
    });
  });
  after(() => pinot[Symbol.asyncDispose]());

  async function call(
    method: string,
    path: string,
    body?: object,
    login = 'admin:verysecret',
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${pinot.http.url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it('lets nobody in without its credentials', async () => {
    const { status, body } = await call('GET', '/schemas/flights', undefined, 'admin:wrong');
    assert.deepEqual({ status, body }, { status: 401, body: { code: 401, error: 'HTTP 401 Unauthorized' } });
  });

  it('knows no other path', async () => {
    assert.equal((await call('GET', '/nothing')).status, 404);
  });

  it('keeps a schema with its defaults, and tells what it left out', async () => {
    assert.deepEqual(await call('GET', '/schemas/flights'), {
      status: 404,
      body: { code: 404, error: 'Schema not found' },
    });
    const created = await call('POST', '/schemas?override=false', {
      ...SCHEMA,
      unknown: 1,
      metricFieldSpecs: [],
    });
    assert.deepEqual(created, {
      status: 200,
      body: { unrecognizedProperties: { '/unknown': 1 }, status: 'flights successfully added' },
    });
    const kept = {
      schemaName: 'flights',
      enableColumnBasedNullHandling: false,
      dimensionFieldSpecs: [{ name: 'carrier', dataType: 'STRING', notNull: false }],
    };
    assert.deepEqual((await call('GET', '/schemas/flights')).body, kept);
    const { unrecognizedProperties, ...validated } = (await call('POST', '/schemas/validate', SCHEMA)).body;
    assert.deepEqual([validated, unrecognizedProperties], [kept, {}]);
  });

  it('creates a schema once, and takes new columns only', async () => {
    assert.equal((await call('POST', '/schemas?override=false', SCHEMA)).status, 409);
    const grown = { ...SCHEMA, metricFieldSpecs: [{ name: 'delay', dataType: 'INT' }] };
    assert.equal((await call('PUT', '/schemas/flights', grown)).status, 200);
    assert.deepEqual(await call('PUT', '/schemas/flights', SCHEMA), {
      status: 400,
      body: { code: 400, error: 'Backward incompatible schema flights. Only allow adding new columns' },
    });
    assert.equal((await call('PUT', '/schemas/other', { ...SCHEMA, schemaName: 'other' })).status, 404);
    assert.equal((await call('PUT', '/schemas/other', SCHEMA)).status, 400);
  });

  it('tags instances for a tenant, as many as there are', async () => {
    assert.equal((await call('GET', '/tenants/fast?type=BROKER')).status, 404);
    const tenant = { tenantRole: 'BROKER', tenantName: 'fast', numberOfInstances: 1 };
    assert.deepEqual(await call('POST', '/tenants', tenant), {
      status: 200,
      body: { status: 'Successfully created tenant' },
    });
    assert.deepEqual((await call('GET', '/tenants/fast?type=BROKER')).body, {
      BrokerInstances: ['Broker_1_8099'],
      tenantName: 'fast',
    });
    assert.deepEqual(await call('PUT', '/tenants', { ...tenant, numberOfInstances: 2 }), {
      status: 500,
      body: { code: 500, error: 'Failed to update tenant' },
    });
    assert.equal((await call('DELETE', '/tenants/fast')).status, 500);
    const servers = {
      tenantRole: 'SERVER',
      tenantName: 'fast',
      numberOfInstances: 2,
      offlineInstances: 1,
      realtimeInstances: 1,
    };
    assert.equal((await call('POST', '/tenants', servers)).status, 200);
    const { body } = await call('GET', '/tenants/fast?type=SERVER');
    assert.equal((body['ServerInstances'] as string[]).length, 2);
  });

  it('creates a table once, when its schema and tenants are there', async () => {
    assert.equal((await call('POST', '/tables', { ...TABLE, tableName: 'other' })).status, 400);
    const homeless = await call('POST', '/tables', { ...TABLE, tenants: { broker: 'nobody' } });
    assert.deepEqual(homeless, {
      status: 400,
      body: {
        code: 400,
        error:
          'Invalid table config for table flights_REALTIME: Failed to find instances with tag: nobody_BROKER for table: flights_REALTIME',
      },
    });
    assert.deepEqual((await call('GET', '/tables/flights?type=REALTIME')).body, {});
    const created = await call('POST', '/tables', { ...TABLE, tenants: { broker: 'fast', server: 'fast' } });
    assert.deepEqual(created.body, {
      unrecognizedProperties: {},
      status: 'Table flights_REALTIME successfully added',
    });
    assert.equal((await call('POST', '/tables', TABLE)).status, 409);
    const { REALTIME } = (await call('GET', '/tables/flights?type=realtime')).body;
    assert.equal((REALTIME as { tableName: string }).tableName, 'flights_REALTIME');
    const validated = await call('POST', '/tables/validate', {
      ...TABLE,
      tenants: { broker: 'fast', server: 'fast' },
    });
    assert.deepEqual(validated.body['REALTIME'], REALTIME);
  });

  it('keeps what is in use', async () => {
    assert.deepEqual(await call('DELETE', '/schemas/flights'), {
      status: 409,
      body: {
        code: 409,
        error: 'Cannot delete schema flights, as it is associated with table flights_REALTIME',
      },
    });
    assert.equal((await call('DELETE', '/tenants/fast?type=BROKER')).status, 400);
  });

  it('asks for a reload of segments whose configuration changed, and tells how far it came', async () => {
    assert.equal((await call('POST', '/segments/flights_REALTIME/reload')).status, 404);
    pinot.tables.edit('flights_REALTIME', () => ({ segments: 3 }));
    pinot.tables.loadsAtOnce = 1;
    const config = {
      ...TABLE,
      tableIndexConfig: { loadMode: 'HEAP' },
      tenants: { broker: 'fast', server: 'fast' },
    };
    assert.equal((await call('PUT', '/tables/flights', config)).status, 200);
    assert.equal((await call('GET', '/segments/flights_REALTIME/needReload')).body['needReload'], true);
    const { status } = (await call('POST', '/segments/flights_REALTIME/reload')).body;
    const { reloadJobId } = (JSON.parse(String(status)) as { flights_REALTIME: { reloadJobId: string } })
      .flights_REALTIME;
    const jobs = (await call('GET', '/table/flights_REALTIME/jobs?jobTypes=RELOAD_SEGMENT')).body;
    assert.deepEqual(Object.keys(jobs), [reloadJobId]);
    const progress = async (): Promise<unknown[]> => {
      const { body } = await call('GET', `/segments/segmentReloadStatus/${reloadJobId}`);
      return [body['status'], body['successCount'], body['totalSegmentCount']];
    };
    assert.deepEqual(await progress(), ['IN_PROGRESS', 1, 3]);
    pinot.tables.finishReloads();
    assert.deepEqual(await progress(), ['COMPLETED', 3, 3]);
    assert.equal((await call('GET', '/segments/flights_REALTIME/needReload')).body['needReload'], false);
  });

  it('removes a table, and then what it used', async () => {
    assert.deepEqual(await call('DELETE', '/tables/flights?type=REALTIME'), {
      status: 200,
      body: { status: 'Tables: [flights_REALTIME] deleted' },
    });
    assert.equal((await call('DELETE', '/tables/flights?type=REALTIME')).status, 404);
    assert.equal((await call('DELETE', '/schemas/flights')).status, 200);
    assert.equal((await call('DELETE', '/schemas/flights')).status, 404);
    assert.equal((await call('DELETE', '/tenants/fast?type=BROKER')).status, 200);
    assert.deepEqual(pinot.tenants.tagged('fast_BROKER'), []);
  });
});
