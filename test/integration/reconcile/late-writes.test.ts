import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createRenderer } from '../../../activities/index.ts';
import { pruneObjects } from '../../../activities/prune-objects.ts';
import { ANNOTATIONS, LABELS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { Removal } from '../../../core/rollout/fold-pruned.ts';
import { eventually } from '../../../testing/eventually.ts';
import { resourceChanged } from '../../../workflows/messages.ts';
import { BUILT_IN_SCOPES, NO_KEY } from '../../support/fake-object.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { configured } from '../../support/toy-specs.ts';
import { ToyStage } from '../../support/toy-stage.ts';

/** What was sent in time and held up on its way: the API server does it when nobody waits for it any more. */
describe('a write that arrives late', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  /** Applies an object as the program of that generation did. */
  async function applyLate(resource: Manifest, key: string): Promise<Manifest> {
    const { objects } = await createRenderer(stage.operator, NO_KEY, BUILT_IN_SCOPES).render(resource);
    const rendered = objects.get(key) ?? assert.fail(key);
    const { metadata } = rendered.manifest;
    const generation = String(resource.metadata.generation);
    const annotations = { ...metadata.annotations, [ANNOTATIONS.generation]: generation };
    const manifest = { ...rendered.manifest, metadata: { ...metadata, annotations } };
    return (await stage.api.apply(manifest, { fieldManager: stage.operator.name })).object;
  }

  function service(name: string): Promise<Manifest | undefined> {
    return stage.api.get(stage.ref('Service', name));
  }

  it('with what an older generation wanted is noticed and undone', async () => {
    await stage.want(TWO_ROLES, 'late');
    const old = await stage.ready('late');
    await stage.want(configured(TWO_ROLES, 'new'), 'late');
    await stage.ready('late');
    await applyLate(old, 'StatefulSet.apps/late-b');
    await eventually('it is as wanted', async () => {
      const resource = (await stage.resource('late')) ?? old;
      const { objects } = await createRenderer(stage.operator, NO_KEY, BUILT_IN_SCOPES).render(resource);
      const live = await stage.api.get(stage.ref('StatefulSet', 'late-b', 'apps'));
      const wanted = objects.get('StatefulSet.apps/late-b')?.ref.digest;
      return live?.metadata.annotations?.[ANNOTATIONS.digest] === wanted;
    });
    await stage.ready('late');
  });

  it('with an object that is not wanted any more is found by a resync and pruned; a copy of somebody stays', async () => {
    await stage.want(TWO_ROLES, 'stray');
    const old = await stage.ready('stray');
    await stage.want({ ...TWO_ROLES, nodes: TWO_ROLES.nodes.slice(0, 1) }, 'stray');
    await eventually('it is pruned', async () => (await service('stray-b')) === undefined);
    await stage.ready('stray');
    const made = await applyLate(old, 'Service/stray-b');
    const { labels = {}, annotations = {}, ownerReferences = [] } = made.metadata;
    await stage.api.apply(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'stray-copy', namespace: stage.namespace, labels, annotations, ownerReferences },
        spec: { ports: [{ port: 80 }] },
      },
      { fieldManager: 'somebody' },
    );
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('stray')).signal(resourceChanged, { resync: true }),
    );
    await eventually('it is pruned again', async () => (await service('stray-b')) === undefined);
    await stage.ready('stray');
    assert.ok(await service('stray-copy'));
  });

  it('of which nothing but its key is known is deleted by its marks, and nothing else under its name is', async () => {
    await stage.want(TWO_ROLES, 'sent');
    const { metadata } = await stage.ready('sent');
    const ref = { ...stage.ref('Toy', 'sent', 'toy.dev'), version: 'v1', plural: 'toys' };
    const { kind } = stage.operator.resource;
    const identity = `${kind}.toy.dev/${stage.namespace}/sent`;
    const ours = {
      labels: { [LABELS.resource]: metadata.uid ?? '', [LABELS.managedBy]: stage.operator.name },
      annotations: { [ANNOTATIONS.owner]: identity },
    };
    const role = (name: string): string => `${stage.namespace}-${name}`;
    const made = [role('made'), role('others')];
    for (const [index, name] of made.entries())
      await stage.api.apply(
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name, ...(index === 0 ? ours : {}) },
          rules: [],
        },
        { fieldManager: stage.operator.name },
      );
    const items = [...made, role('never')].map((name) => ({
      key: `ClusterRole.rbac.authorization.k8s.io/${name}`,
      uid: '',
    }));
    const removals: readonly Removal[] = await new MockActivityEnvironment({
      startToCloseTimeoutMs: 60_000,
    }).run(() =>
      pruneObjects(
        { api: stage.api, events: { record: () => undefined, flush: () => Promise.resolve() } },
        { ...ref, kind },
        items,
        metadata.uid ?? '',
      ),
    );
    assert.deepEqual(
      removals.map(({ outcome }) => outcome),
      ['removed', 'gone', 'gone'],
    );
    const live = await Promise.all(
      made.map((name) => stage.api.get({ group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name })),
    );
    assert.deepEqual(
      live.map((each) => each !== undefined),
      [false, true],
    );
    const uid = live[1]?.metadata.uid ?? '';
    await stage.api.remove(
      { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role('others') },
      { uid },
    );
  });

  it('deletes nothing once the resource has changed since', async () => {
    await stage.want(TWO_ROLES, 'spared');
    const { metadata } = await stage.ready('spared');
    const ref = { ...stage.ref('Toy', 'spared', 'toy.dev'), version: 'v1', plural: 'toys' };
    const { uid = '' } = (await service('spared-b'))?.metadata ?? {};
    const dependencies = {
      api: stage.api,
      events: { record: () => undefined, flush: () => Promise.resolve() },
    };
    const older = (metadata.generation ?? 0) - 1;
    const attempt = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 }).run(() =>
      pruneObjects(dependencies, ref, [{ key: 'Service/spared-b', uid }], metadata.uid ?? '', older),
    );
    await assert.rejects(attempt, { type: 'PlanStale' });
    assert.ok(await service('spared-b'));
  });
});
