import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { eventually, readManifests, startEnvironment } from 'durable-operator/testing';
import type { Environment, Written } from 'durable-operator/testing';
import type { DruidSpec } from './druid.ts';
import operator from './operator.ts';

/** What a Coordinator would say; the pods of a sandbox are played and serve nothing. */
const loaded = { events: 100 };
const coordinator = createServer((request, response) => {
  response.statusCode = request.url === '/druid/coordinator/v1/loadstatus' ? 200 : 404;
  response.end(JSON.stringify(loaded));
});

type Druid = Written & { readonly spec: DruidSpec };

describe('a Druid on a cluster', () => {
  let environment: Environment;
  let druid: Druid;

  before(async () => {
    await new Promise<void>((resolve) => coordinator.listen(0, '127.0.0.1', resolve));
    const { port } = coordinator.address() as AddressInfo;
    const [sample] = await readManifests(new URL('samples/druid.yaml', import.meta.url));
    const coordinatorUrl = `http://127.0.0.1:${port}`;
    // The Secret of the sample is not there, and its pods would wait for it.
    druid = { ...(sample as Druid), spec: { ...(sample as Druid).spec, coordinatorUrl, secrets: [] } };
    environment = await startEnvironment({
      operators: operator,
      crds: [new URL('crd.yaml', import.meta.url)],
    });
  });
  after(async () => {
    await environment?.[Symbol.asyncDispose]();
    coordinator.close();
  });

  it('becomes Ready', async () => {
    await environment.apply(druid);
    await environment.until(druid, 'Ready');
  });

  it('is updated service by service, and waits until its segments are loaded', async () => {
    loaded.events = 87.5;
    druid = { ...druid, spec: { ...druid.spec, image: 'apache/druid:32.0.0' } };
    await environment.apply(druid);
    await eventually('the historicals wait for segments', async () => {
      const status = (await environment.get(druid))?.['status'];
      return JSON.stringify(status).includes('segments are being loaded: events 87.5 %');
    });
    assert.equal(await imageOf('broker'), 'apache/druid:31.0.0');
    loaded.events = 100;
    await environment.until(druid, 'Ready', { timeoutMs: 60_000 });
    assert.equal(await imageOf('broker'), 'apache/druid:32.0.0');
  });

  async function imageOf(node: string): Promise<string | undefined> {
    const name = `${druid.metadata.name}-${node}`;
    const found = await environment.get({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } });
    const { spec } = found as unknown as {
      spec: { template: { spec: { containers: { image: string }[] } } };
    };
    return spec.template.spec.containers[0]?.image;
  }
});
