/** What people and other programs do to the cluster beside the operator. Each heals itself, as the other faults do. */
import { rm, writeFile } from 'node:fs/promises';
import type { Manifest } from '../../core/manifest.ts';
import { LABELS } from '../../core/labels.ts';
import type { ObjectRef } from '../../core/refs.ts';
import { ClusterApi, MERGE } from '../../sandbox/cluster-api.ts';
import { accessOf } from '../support/sandbox.ts';
import { installToyKind } from '../support/toy-crd.ts';
import type { FaultWorld } from './fault-world.ts';
import type { Fault } from './faults.ts';
import { within } from './faults.ts';
import { hangingFile, underFault } from './operator.ts';
import type { Chance } from './random.ts';

const GADGETS = { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', name: 'gadgets.toy.dev' };
const TOY = { group: 'toy.dev', kind: 'Toy' };
/** Longer than the grace period that docs/operations.md asks for would be a pod that the kubelet kills. */
const GRACE_MS = 30_000;

export const HANDS: Readonly<Record<string, Fault>> = {
  async 'uninstall a CRD'({ api, persist }, chance) {
    await persist('the CRD goes', async () => {
      const uid = (await api.get(GADGETS))?.metadata.uid;
      if (uid) await api.remove(GADGETS, { uid });
    });
    await within(chance, 500, 4_000);
    await persist('the CRD is back', () => installToyKind(api, 'Gadget'));
  },
  async 'give an object to another resource'(world, chance) {
    const { api, namespace, persist } = world;
    const [one, other] = await twoResources(world, chance);
    const services = await persist('a hand chooses', () =>
      api.list(
        { group: '', kind: 'Service' },
        { namespace, labelSelector: `${LABELS.managedBy}=${underFault.name}` },
      ),
    );
    const owned = services.items.filter(({ metadata }) => ownerOf(metadata) === one.uid);
    if (owned.length === 0) return;
    const service = chance.oneOf(owned);
    const ref = { group: '', kind: 'Service', namespace, name: service.metadata.name };
    await own(world, ref, one, other);
    await within(chance, 500, 4_000);
    await own(world, ref, other, one);
  },
  async 'overwrite a status'(world, chance) {
    const { sandbox, namespace, persist } = world;
    const [{ name }] = await twoResources(world, chance);
    const api = new ClusterApi(accessOf(sandbox));
    const conditions = [
      {
        type: 'Ready',
        status: 'False',
        reason: 'ByHand',
        message: 'not true',
        lastTransitionTime: new Date(0),
      },
    ];
    const inventory = { fingerprint: 'by hand' };
    try {
      await persist('a hand overwrites the status', () =>
        api.expect({
          method: 'PATCH',
          path: `/apis/toy.dev/v1/namespaces/${namespace}/toys/${name}/status`,
          contentType: MERGE,
          body: { status: { conditions, ready: '0/99', inventory } },
        }),
      );
    } finally {
      await api.close();
    }
  },
  async 'let every hook hang'({ namespace }, chance) {
    const file = hangingFile(namespace);
    await writeFile(file, '');
    try {
      await within(chance, 1_000, 6_000);
    } finally {
      await rm(file);
    }
  },
  async 'stop a replica while Temporal is frozen'({ servers, programs }, chance) {
    servers.freeze('temporal');
    try {
      await within(chance, 500, 2_000);
      await programs.terminate(chance.between(0, programs.count - 1), GRACE_MS);
    } finally {
      servers.thaw('temporal');
    }
  },
  async 'cut the API server again and again while all is compared'({ wires: { kubernetes } }, chance) {
    for (let blips = chance.between(3, 6); blips > 0; blips--) {
      await kubernetes.cut();
      await within(chance, 50, 400);
      await kubernetes.mend();
      await within(chance, 200, 1_500);
    }
  },
};

interface Identity {
  readonly name: string;
  readonly uid: string;
}

async function twoResources(
  { api, namespace, persist }: FaultWorld,
  chance: Chance,
): Promise<readonly [Identity, Identity]> {
  const { items } = await persist('the resources are listed', () => api.list(TOY, { namespace }));
  const all = items.map(({ metadata: { name, uid = '' } }): Identity => ({ name, uid }));
  const one = chance.oneOf(all);
  return [one, chance.oneOf(all.filter(({ uid }) => uid !== one.uid))];
}

function ownerOf({ ownerReferences = [] }: Manifest['metadata']): string | undefined {
  return ownerReferences.find(({ controller }) => controller)?.uid;
}

/** Somebody writes another owner into an object, if it is there and still has the one. */
async function own(
  { api, persist }: FaultWorld,
  ref: ObjectRef,
  from: Identity,
  to: Identity,
): Promise<void> {
  await persist('a hand changes an owner', async () => {
    const live = await api.get(ref);
    if (!live || ownerOf(live.metadata) !== from.uid) return;
    await api.patch(ref, [
      { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion ?? '' },
      { op: 'replace', path: '/metadata/ownerReferences/0/uid', value: to.uid },
      { op: 'replace', path: '/metadata/ownerReferences/0/name', value: to.name },
    ]);
  });
}
