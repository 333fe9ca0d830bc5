import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digest } from '../../../activities/digest.ts';
import { shortHash } from '../../../core/hash.ts';
import { COMMANDS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { contentDigest, render } from '../../../core/plan/digests.ts';
import type { Operator, Resource } from '../../../index.ts';
import { customResource, defineOperator, inOrder, plan, secret, statefulSet } from '../../../index.ts';
import { textOf } from '../../support/history.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import type { ToyResource } from '../../support/toy-stage.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';
import { configured } from '../../support/toy-specs.ts';

/** What each node is given to keep secret is its `config`: one Secret that is versioned, and one that is not. */
function secretive(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired({ spec }, named) {
      const nodes = spec.nodes.map((node) => {
        const data = { password: Buffer.from(node.config).toString('base64') };
        const login = secret(named(node.name, 'login'), { data });
        const token = secret(named(node.name, 'token'), { data }, { versioned: false });
        const env = [login, token].map((each, index) => ({
          name: `PASSWORD_${index}`,
          valueFrom: { secretKeyRef: { name: each.name, key: 'password' } },
        }));
        const containers = [{ name: 'main', image: 'example.org/toy:1', env }];
        const body = { replicas: 1, serviceName: 'toy', template: { spec: { containers } } };
        return statefulSet(named(node.name), body, { role: node.role, uses: [login, token] });
      });
      return [inOrder(spec.order, nodes)];
    },
  });
}

const PIN = 'pin4711';
const SPEC = configured(TWO_ROLES, PIN);

/** A revision of ours with its plan as it was before it was compressed; that of a StatefulSet as it is. */
function legible(revision: Manifest): Manifest {
  const { plan: compressed } = revision['data'] as { readonly plan?: string };
  if (compressed === undefined) return revision;
  return { ...revision, data: gunzipSync(Buffer.from(compressed, 'base64')).toString() };
}

describe('a Secret that a resource makes', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open(secretive);
  });
  after(() => stage[Symbol.asyncDispose]());

  async function all(group: string, kind: string): Promise<readonly Manifest[]> {
    return (await stage.api.list({ group, kind }, { namespace: stage.namespace })).items;
  }

  async function secretsOf(name: string): Promise<readonly string[]> {
    const names = (await all('', 'Secret')).map(({ metadata }) => metadata.name);
    return names.filter((each) => each.startsWith(`${name}-`)).sort();
  }

  async function generations(name: string): Promise<readonly (number | undefined)[]> {
    const sets = await all('apps', 'StatefulSet');
    return sets
      .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
      .map(({ metadata }) => metadata.generation);
  }

  async function history(name: string): Promise<string> {
    return textOf(
      await stage.temporal((client) => client.workflow.getHandle(stage.workflowId(name)).fetchHistory()),
    );
  }

  async function forget(name: string): Promise<void> {
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId(name)).terminate('forgotten'),
    );
  }

  /** The pods of both nodes hold, and somebody is asked. */
  function held(name: string): Promise<ToyResource> {
    return stage.until(
      `${name} waits for an approval`,
      (status) => conditionOf(status, 'RuntimeUpdatePending')?.status === 'True',
      name,
    );
  }

  /** What somebody would compare with what is there who guessed its value, and knows all the rest. */
  function guesses(resource: ToyResource): readonly string[] {
    const { objects, digest: whole } = render(plan(stage.operator, resource as Resource<ToySpec>), digest);
    const { labels = {}, annotations = {} } = resource.metadata;
    const read = Object.entries(annotations).filter(([name]) => !name.includes('kubernetes.io/'));
    const input = digest([resource.spec, labels, Object.fromEntries(read)]);
    const ofObjects = Array.from(objects.values()).flatMap(({ ref, manifest }) =>
      ref.key.startsWith('Secret/')
        ? [ref.digest, contentDigest(manifest, digest), digest(manifest['data']), manifest.metadata.name]
        : [ref.digest, ref.template ?? ''],
    );
    const plain = [PIN, Buffer.from(PIN).toString('base64')];
    const hashed = plain.flatMap((text) => [digest(text), shortHash(text)]);
    const isPlainName = (text: string): boolean => text.endsWith('-token');
    return [...plain, ...hashed, whole, input, ...ofObjects].filter((each) => !isPlainName(each));
  }

  it('can be guessed neither from the history, nor from names, annotations, revisions, statuses and events', async () => {
    await stage.want(SPEC, 'quiet');
    const resource = await stage.ready('quiet');
    const { spec: _, ...rest } = resource;
    const managed = [
      ...(await all('', 'Secret')).map((each) => ({ ...each, data: '' })),
      ...(await all('apps', 'StatefulSet')),
      ...(await all('apps', 'ControllerRevision')).map(legible),
      ...(await all('events.k8s.io', 'Event')),
    ];
    const told = [await history('quiet'), JSON.stringify([rest, managed])].join();
    assert.match(told, /Secret\/quiet-c-login-[0-9a-f]{10}/);
    assert.match(told, /\\"stages\\":/, 'what revisions keep is among it');
    for (const guess of guesses(resource)) assert.equal(told.includes(guess), false, guess);
  });

  it('has one name for another program, also with its Lease elsewhere and a Temporal that forgot everything', async () => {
    await stage.want(SPEC, 'lasting');
    await stage.ready('lasting');
    const [names, before] = [await secretsOf('lasting'), await generations('lasting')];
    assert.equal(names.length, 4);
    await stage.stop();
    await forget('lasting');
    await stage.start({ leaderElection: { enabled: true, namespace: stage.namespace } });
    await stage.want({ ...SPEC, claims: { data: '1Gi' } }, 'lasting');
    await stage.ready('lasting');
    assert.deepEqual([await secretsOf('lasting'), await generations('lasting')], [names, before]);
  });

  it('stays with its pods when the key of digests is lost, until somebody approves another', async () => {
    await stage.want(SPEC, 'lost');
    await stage.ready('lost');
    const [names, before] = [await secretsOf('lost'), await generations('lost')];
    await stage.stop();
    const key = {
      group: '',
      kind: 'Secret',
      namespace: 'default',
      name: `${stage.operator.name}-digest-key`,
    };
    const made = await stage.api.get(key);
    await stage.api.remove(key, { uid: made?.metadata.uid ?? '' });
    await stage.start();
    // An edit that no pod sees is no approval.
    await stage.want({ ...SPEC, claims: { data: '1Gi' } }, 'lost');
    const { status } = await held('lost');
    assert.deepEqual([await secretsOf('lost'), await generations('lost')], [names, before]);
    const token = status?.rollout?.pendingApprovals?.[0]?.token ?? '';
    await stage.api.patch(stage.ref('Toy', 'lost', 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: { [COMMANDS.approve]: token } },
    ]);
    await stage.until(
      'the approved names are there',
      ({ rollout, conditions }) =>
        rollout?.finishedAt !== undefined &&
        !conditions.some(({ type }) => type === 'RuntimeUpdatePending') &&
        conditions.some(({ type, status: word }) => type === 'Ready' && word === 'True'),
      'lost',
    );
    assert.notDeepEqual(await secretsOf('lost'), names);
    assert.deepEqual(
      await generations('lost'),
      before.map((each) => (each ?? 0) + 1),
    );
  });
});
