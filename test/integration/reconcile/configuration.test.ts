import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../../core/manifest.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const ROLES = ['controller', 'broker', 'server'];
const CRASH = 'example.org/toy:crash';

interface Pod extends Manifest {
  readonly spec: { readonly volumes: readonly { readonly configMap?: { readonly name: string } }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Every node with this configuration; `image` is that of the controller, whose stage is the first. */
function configured(config: string, image?: string, versioned = true): ToySpec {
  const nodes = ROLES.map((role) => ({ name: role, role, config, versioned }));
  return {
    order: ROLES,
    nodes: nodes.map((node) => (image && node.role === 'controller' ? { ...node, image } : node)),
  };
}

describe('configuration that pods read', () => {
  let stage: ToyStage;
  /** What the gate read under the plain name of the ConfigMap. */
  const read = new Set<string>();
  before(async () => {
    stage = await ToyStage.open((name) =>
      toyOperator({
        name,
        gate: async function configurationRead({ read: get, object }) {
          const config = await get({ apiVersion: 'v1', kind: 'ConfigMap', name: `${object?.name}-config` });
          read.add(`${object?.name} ${contentOf(config)}`);
          return config ? true : 'it cannot be read';
        },
      }),
    );
  });
  after(() => stage[Symbol.asyncDispose]());

  /** The pod, once it is Ready and not `former`; and the configuration it was started with. */
  async function pod(name: string, former?: Manifest): Promise<{ manifest: Manifest; config: string }> {
    const manifest = await eventually(`pod ${name} is ready`, async () => {
      const live = (await stage.api.get(stage.ref('Pod', name))) as Pod | undefined;
      const ready = live?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
      return ready && live.metadata.uid !== former?.metadata.uid ? live : undefined;
    });
    const mounted = manifest.spec.volumes.flatMap(({ configMap }) => configMap?.name ?? [])[0] ?? '';
    return { manifest, config: contentOf(await stage.api.get(stage.ref('ConfigMap', mounted))) };
  }

  async function remove(kind: string, { metadata }: Manifest): Promise<void> {
    await stage.api.remove(stage.ref(kind, metadata.name), { uid: metadata.uid ?? '' });
  }

  async function contents(plain: string): Promise<readonly string[]> {
    return (await stage.versionsOf(plain)).map(contentOf).toSorted();
  }

  it('stays what it was for stages that a halted upgrade has not reached, whatever is deleted meanwhile', async () => {
    await stage.want(configured('1'), 'halted');
    await stage.ready('halted');
    const [former] = await stage.versionsOf('halted-server-config');
    assert.ok(former);
    await stage.want(configured('2', CRASH), 'halted');
    await stage.stalled('WorkloadFailed', 'halted');
    assert.deepEqual(await contents('halted-server-config'), ['1', '2']);

    const { manifest: first } = await pod('halted-server-0');
    await remove('Pod', first);
    const again = await pod('halted-server-0', first);
    assert.equal(again.config, '1');

    await remove('ConfigMap', former);
    await eventually('the version that older pods read is back', async () => {
      const live = await stage.api.get(stage.ref('ConfigMap', former.metadata.name));
      return live && live.metadata.uid !== former.metadata.uid && contentOf(live) === '1';
    });
    await remove('Pod', again.manifest);
    assert.equal((await pod('halted-server-0', again.manifest)).config, '1');

    await stage.want(configured('3'), 'halted');
    await stage.ready('halted');
    for (const role of ROLES) {
      assert.equal((await pod(`halted-${role}-0`)).config, '3');
      assert.deepEqual(await contents(`halted-${role}-config`), ['3']);
    }
  });

  it('is remembered by the cluster, when its workflow is terminated in the middle of an upgrade', async () => {
    await stage.want(configured('1'), 'wiped');
    await stage.ready('wiped');
    await stage.want(configured('2', CRASH), 'wiped');
    await stage.stalled('WorkloadFailed', 'wiped');
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('wiped')).terminate('a test of memory'),
    );
    await stage.want(configured('3', CRASH), 'wiped');
    await stage.stalled('WorkloadFailed', 'wiped');
    const { manifest, config } = await pod('wiped-server-0');
    assert.equal(config, '1');
    await remove('Pod', manifest);
    assert.equal((await pod('wiped-server-0', manifest)).config, '1');
    await stage.want(configured('4'), 'wiped');
    await stage.ready('wiped');
    for (const role of ROLES) assert.deepEqual(await contents(`wiped-${role}-config`), ['4']);
  });

  it('is taken over from plain names by one upgrade in order, with nothing lost', async () => {
    await stage.want(configured('1', undefined, false), 'plain');
    await stage.ready('plain');
    const plain = (role: string): Promise<Manifest | undefined> =>
      stage.api.get(stage.ref('ConfigMap', `plain-${role}-config`));
    assert.equal(contentOf(await plain('server')), '1');
    await stage.want(configured('1'), 'plain');
    const { status } = await stage.ready('plain');
    const stages = status?.rollout?.stages ?? [];
    assert.deepEqual(
      stages.map(({ name, state }) => [name, state]),
      ROLES.map((role) => [role, 'Done']),
    );
    for (const role of ROLES) {
      assert.equal(await plain(role), undefined);
      assert.equal((await pod(`plain-${role}-0`)).config, '1');
      const live = await stage.api.get(stage.ref('StatefulSet', `plain-${role}`, 'apps'));
      assert.equal(live?.metadata.generation, 2);
    }
    await stage.want(configured('1', undefined, false), 'plain');
    await stage.ready('plain');
    for (const role of ROLES) {
      assert.equal(contentOf(await plain(role)), '1');
      assert.deepEqual(await contents(`plain-${role}-config`), []);
    }
  });

  it('is read by an author under the name that it was desired under', () => {
    for (const role of ROLES) assert.ok(read.has(`halted-${role} 3`), [...read].join(', '));
  });
});

function contentOf(config: Readonly<Record<string, unknown>> | undefined): string {
  const { data } = (config ?? {}) as { readonly data?: Readonly<Record<string, string>> };
  return data?.['node.conf'] ?? '';
}
