import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { replicasOf } from '../../../core/replicas.ts';
import type { KubernetesApi } from '../../../kubernetes/api.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ToyVersion } from '../../support/toy-crd.ts';
import { installToyKind } from '../../support/toy-crd.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';
import { configured } from '../../support/toy-specs.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const CRD = { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' };

/** A kind that nobody else has, since other tests, and other runs, share the API server. */
function freshKind(prefix: string): string {
  return `${prefix}${randomBytes(3).toString('hex')}`;
}

function stageOf(kind: string): Promise<ToyStage> {
  return ToyStage.open((name) => toyOperator({ name, kind }));
}

async function uninstall(api: KubernetesApi, kind: string): Promise<void> {
  const ref = { ...CRD, name: `${kind.toLowerCase()}s.toy.dev` };
  const { uid = '' } = (await api.get(ref))?.metadata ?? {};
  await api.remove(ref, { uid });
  await eventually(`${kind} is no kind any more`, async () => (await api.get(ref)) === undefined);
}

/** What the watch of the resources says of itself at `/readyz`. */
async function watchOf(
  port: number | undefined,
  kind: string,
): Promise<{ state?: string; trouble?: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  const parts = (await response.json()) as {
    detail: { watches?: { kind: string; state: string; trouble: string }[] };
  }[];
  const watches = parts.flatMap(({ detail }) => detail.watches ?? []);
  return watches.find((watch) => watch.kind.startsWith(`${kind}.toy.dev`)) ?? {};
}

function statefulSet(stage: ToyStage, name: string): ReturnType<KubernetesApi['get']> {
  return stage.api.get(stage.ref('StatefulSet', name, 'apps'));
}

async function replicas(stage: ToyStage, name: string): Promise<number | undefined> {
  const object = await statefulSet(stage, name);
  return object && replicasOf(object);
}

describe('a kind that is uninstalled', () => {
  it('takes resources, what they hold and workflows with it; the program says so, and serves it again when it comes back', async () => {
    const kind = freshKind('Gadget');
    await using stage = await stageOf(kind);
    await stage.stop();
    const { healthPort } = await stage.start({ healthPort: 0 });
    await stage.want(TWO_ROLES, 'first');
    await stage.want({ order: ['broker'], nodes: TWO_ROLES.nodes.slice(1) }, 'unheld');
    await Promise.all([stage.ready('first'), stage.ready('unheld')]);

    await uninstall(stage.api, kind);
    await eventually('it says so', async () => {
      const { state, trouble = '' } = await watchOf(healthPort, kind);
      return (
        state === 'NotServed' &&
        trouble.includes(`does not serve ${kind}.toy.dev in version v1; install its CRD`)
      );
    });
    await eventually('its workflows have ended', () =>
      stage.temporal(async (client) => {
        const described = await Promise.all(
          ['first', 'unheld'].map((name) => client.workflow.getHandle(stage.workflowId(name)).describe()),
        );
        return described.every(({ status }) => status.name === 'COMPLETED');
      }),
    );
    // What no finalizer holds is the garbage collector's, which takes half a minute to know a new kind.
    await eventually('the objects that a finalizer holds are gone', async () => {
      const left = await Promise.all(['first-c', 'first-b'].map((each) => statefulSet(stage, each)));
      return left.every((object) => object === undefined);
    });

    await installToyKind(stage.api, kind);
    await stage.want(configured(TWO_ROLES, '2'), 'first');
    await stage.ready('first');
    assert.equal((await watchOf(healthPort, kind)).trouble, '');
  });
});

const STRICT: ToyVersion = {
  name: 'v1',
  spec: {
    type: 'object',
    properties: {
      order: { type: 'array', items: { type: 'string' } },
      nodes: {
        type: 'array',
        items: {
          type: 'object',
          properties: { name: { type: 'string' }, role: { type: 'string' }, config: { type: 'string' } },
        },
      },
    },
  },
};

const withReplicas = (config: string): ToySpec => ({
  ...TWO_ROLES,
  nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config, replicas: 2 })),
});

describe('a kind that is changed', () => {
  it('under resources that are well restarts nothing, loses no change, and brings its new fields', async () => {
    const kind = freshKind('Gizmo');
    await using stage = await stageOf(kind);
    const generations = async (): Promise<readonly (number | undefined)[]> =>
      (await Promise.all(['t1-c', 't1-b'].map((name) => statefulSet(stage, name)))).map(
        (object) => object?.metadata.generation,
      );
    const install = (...versions: readonly ToyVersion[]): Promise<void> =>
      installToyKind(stage.api, kind, 'Namespaced', versions);
    await stage.stop();
    await install(STRICT);
    const { healthPort } = await stage.start({ healthPort: 0 });
    await stage.want(TWO_ROLES);
    await stage.ready();
    await assert.rejects(stage.want(withReplicas('1')), /replicas/);

    await install({ name: 'v2' }, { name: 'v1' });
    await eventually('the new schema is served', () => stage.want(withReplicas('1')));
    await stage.ready();
    assert.deepEqual(await Promise.all(['t1-c', 't1-b'].map((name) => replicas(stage, name))), [2, 2]);
    const before = await generations();

    await install({ name: 'v2' }, { name: 'v1', served: false });
    await eventually('the program says that its version is gone', async () =>
      /in version v1/.test((await watchOf(healthPort, kind)).trouble ?? ''),
    );
    assert.deepEqual(await generations(), before);
    await install({ name: 'v2' }, { name: 'v1' });
    await eventually('v1 is served again', () => stage.want(withReplicas('2')));
    await stage.ready();
    assert.deepEqual(
      await generations(),
      before.map((generation) => (generation ?? 0) + 1),
    );
  });
});
