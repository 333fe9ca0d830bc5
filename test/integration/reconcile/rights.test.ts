import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { freePorts } from '../../../sandbox/free-ports.ts';
import { eventually } from '../../../testing/eventually.ts';
import { terminate } from '../../support/interruptions.ts';
import { ALL_RIGHTS, documentedRights, ServiceAccount, without } from '../../support/service-account.ts';
import { sized } from '../../support/storage-view.ts';
import type { ToyNode } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const WITHOUT_BROKER = { ...TWO_ROLES, nodes: TWO_ROLES.nodes.slice(0, 1) };

/** The program as a service account, before the API server's own authorizer. Each stands on its own, so all run at once. */
describe('a right that is missing', { concurrency: true }, () => {
  const stages: ToyStage[] = [];
  after(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

  /** A stage whose program has these rights. */
  async function open(
    rules: Parameters<ServiceAccount['grant']>[0],
  ): Promise<{ stage: ToyStage; account: ServiceAccount }> {
    const stage = await ToyStage.open();
    stages.push(stage);
    await stage.stop();
    const account = await ServiceAccount.make(stage, rules);
    return { stage, account };
  }

  it('to apply an object is told with verb, resource and object, holds up what needs it alone, and heals when it is granted', async () => {
    const { stage, account } = await open(without('services', 'patch', 'create'));
    await stage.start({ kubeconfig: account.kubeconfig });
    await stage.want(TWO_ROLES);
    const { status } = await stage.stalled('Forbidden');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^Service t1-[bc]: .*system:serviceaccount:.*:operator" cannot (patch|create) resource "services" in API group "" in the namespace/,
    );
    assert.ok(await stage.versionOf('t1-c-config'), 'what needs no right that is missing goes on');
    assert.equal(await stage.api.get(stage.ref('StatefulSet', 't1-c', 'apps')), undefined);
    await account.grant(ALL_RIGHTS);
    await stage.ready('t1');
  });

  it('to delete an object is told so, holds up no other, and heals when it is granted', async () => {
    const { stage, account } = await open(without('services', 'delete'));
    await stage.start({ kubeconfig: account.kubeconfig });
    await stage.want(TWO_ROLES);
    await stage.ready();
    await stage.want(WITHOUT_BROKER);
    const { status } = await stage.stalled('Forbidden');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^Service t1-b: cannot be deleted: .* cannot delete resource "services"/,
    );
    await eventually(
      'the other objects go',
      async () => (await stage.api.get(stage.ref('StatefulSet', 't1-b', 'apps'))) === undefined,
    );
    await account.grant(ALL_RIGHTS);
    await stage.ready('t1');
    assert.equal(await stage.api.get(stage.ref('Service', 't1-b')), undefined);
  });

  it('to write the status is told in an event, changes nothing meanwhile, and heals when it is granted', async () => {
    const { stage, account } = await open(without('toys/status', 'patch'));
    await stage.start({ kubeconfig: account.kubeconfig });
    await stage.want(TWO_ROLES);
    await eventually('the event', async () =>
      (await stage.events()).some(
        ({ reason, note }) => reason === 'StatusRefused' && /cannot patch resource "toys\/status"/.test(note),
      ),
    );
    assert.equal(await stage.api.get(stage.ref('StatefulSet', 't1-c', 'apps')), undefined);
    await account.grant(ALL_RIGHTS);
    await stage.ready('t1');
  });

  it('to watch the resources is told by the readiness of the program, which waits, and starts when it is granted', async () => {
    const { stage, account } = await open([]);
    await stage.want(TWO_ROLES);
    const [healthPort = 0] = await freePorts(1);
    const started = stage.start({ kubeconfig: account.kubeconfig, healthPort });
    await eventually('it says what is missing', async () => {
      const response = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
      return response.status === 503 && /cannot (list|watch) resource \\"toys\\"/.test(await response.text());
    });
    await account.grant(ALL_RIGHTS);
    await started;
    await stage.ready('t1');
  });

  it('to watch a kind of object keeps no resource from being reconciled, and what it would have told is found', async () => {
    const { stage, account } = await open(without('statefulsets', 'list', 'watch'));
    await stage.start({ kubeconfig: account.kubeconfig });
    await stage.want(TWO_ROLES);
    await eventually('it is applied', () => stage.api.get(stage.ref('StatefulSet', 't1-b', 'apps')));
    await account.grant(ALL_RIGHTS);
    await stage.ready('t1');
  });

  it('to list events keeps why pods are refused unseen, which is said', async () => {
    const { stage, account } = await open(ALL_RIGHTS);
    await stage.start({ kubeconfig: account.kubeconfig });
    const spec = {
      containers: [{ name: 'main', image: 'example.org/toy:1' }],
      priorityClassName: 'is-not-there',
    };
    const [controller] = TWO_ROLES.nodes;
    await stage.want({ ...TWO_ROLES, nodes: [{ ...controller, more: { template: { spec } } } as ToyNode] });
    await stage.until('it says what is missing', (status) =>
      /the operator has no right to list/.test(conditionOf(status, 'Ready')?.message ?? ''),
    );
  });

  it('is none of those that docs/operations.md lists, from the install of a resource to its end', async () => {
    const { stage, account } = await open([]);
    await account.grantEverywhere(await documentedRights());
    const { healthPort } = await stage.start({
      kubeconfig: account.kubeconfig,
      healthPort: 0,
      leaderElection: { enabled: true, namespace: stage.namespace },
    });
    const want = (storage: string, tag: string): Promise<unknown> =>
      stage.want(sized(storage, { image: `example.org/toy:${tag}`, retainStorage: false }));
    await want('1Gi', '1');
    await stage.ready();
    await want('1Gi', 'crash');
    await stage.stalled('WorkloadFailed');
    await want('1Gi', '2');
    await stage.ready();
    await want('2Gi', '2');
    await stage.ready();
    const resource = await stage.resource();
    await stage.api.remove(stage.ref(stage.operator.resource.kind, 't1', 'toy.dev'), {
      uid: resource?.metadata.uid ?? '',
    });
    await eventually('nothing is left of it', async () => {
      const left = await Promise.all([
        stage.resource(),
        stage.api.get(stage.ref('StatefulSet', 't1-b', 'apps')),
        stage.api.get(stage.ref('PersistentVolumeClaim', 'data-t1-b-0')),
      ]);
      return left.every((each) => each === undefined);
    });
    const reasons = (await stage.events()).map(({ reason }) => reason);
    for (const told of ['PodReplaced', 'Recreated']) assert.ok(reasons.includes(told), reasons.join(' '));
    assert.ok(!reasons.includes('Forbidden') && !reasons.includes('StatusRefused'), reasons.join(' '));
    const health = await (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).text();
    assert.ok(!/cannot|forbidden/i.test(health), health);
  });

  it('beyond the namespace of a resource is not needed to rebuild what a lost workflow knew', async () => {
    const { stage, account } = await open(ALL_RIGHTS);
    await stage.start({ kubeconfig: account.kubeconfig });
    await stage.want(TWO_ROLES);
    await stage.ready();
    await stage.temporal((client) => terminate(client, stage.workflowId()));
    await stage.want(WITHOUT_BROKER);
    await stage.ready();
    await eventually(
      'what is not wanted any more is gone',
      async () => (await stage.api.get(stage.ref('StatefulSet', 't1-b', 'apps'))) === undefined,
    );
    const kept = await stage.api.get(stage.ref('StatefulSet', 't1-c', 'apps'));
    assert.equal(kept?.metadata.generation, 1);
  });
});
