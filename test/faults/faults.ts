/** What befalls the program and its servers. Each fault heals itself: when it has run, everything can work again. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { objectsChanged, resourceChanged } from '../../workflows/messages.ts';
import type { Chance } from './random.ts';
import type { FaultWorld } from './fault-world.ts';

export type Fault = (world: FaultWorld, chance: Chance) => Promise<void>;

function wires({ wires: { kubernetes, temporal } }: FaultWorld, chance: Chance): TcpProxy {
  return chance.oneOf([kubernetes, temporal]);
}

/** Waits for a time that chance decides, in milliseconds. */
export async function within(chance: Chance, least: number, most: number): Promise<void> {
  await delay(chance.between(least, most));
}

/** Runs an action with a client of Temporal that passes no wire. */
async function withTemporal(world: FaultWorld, use: (client: Client) => Promise<void>): Promise<void> {
  const connection = await Connection.connect({ address: world.temporalAddress });
  try {
    await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function workflowIds(client: Client): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({
    query: 'WorkflowType="reconcile" AND ExecutionStatus="Running"',
  }))
    ids.push(workflowId);
  return ids;
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  async 'sever a wire'(world, chance) {
    wires(world, chance).sever();
  },
  async 'sever all wires again and again'({ wires: { kubernetes, temporal } }, chance) {
    for (let round = chance.between(3, 10); round > 0; round--) {
      kubernetes.sever();
      temporal.sever();
      await within(chance, 50, 300);
    }
  },
  async 'cut a wire'(world, chance) {
    const wire = wires(world, chance);
    await wire.cut();
    await within(chance, 200, 4_000);
    await wire.mend();
  },
  async 'stall a wire'(world, chance) {
    const wire = wires(world, chance);
    wire.stall();
    await within(chance, 200, 4_000);
    wire.resume();
  },
  async 'stall a wire, then sever it'(world, chance) {
    const wire = wires(world, chance);
    wire.stall();
    await within(chance, 200, 2_000);
    wire.sever();
    wire.resume();
  },
  async 'slow a wire down'(world, chance) {
    const wire = wires(world, chance);
    wire.lag(chance.between(20, 150));
    await within(chance, 500, 3_000);
    wire.lag(0);
  },
  async 'freeze a replica'({ programs }, chance) {
    const index = chance.between(0, programs.count - 1);
    programs.freeze(index);
    await within(chance, 500, 7_000);
    programs.thaw(index);
  },
  async 'freeze the API server'({ servers }, chance) {
    servers.freeze('kube-apiserver');
    await within(chance, 200, 3_000);
    servers.thaw('kube-apiserver');
  },
  async 'freeze Temporal'({ servers }, chance) {
    servers.freeze('temporal');
    await within(chance, 200, 3_000);
    servers.thaw('temporal');
  },
  async 'kill the API server'({ servers, api, persist }) {
    await servers.restart('kube-apiserver');
    await persist('the API server is back', () => api.list({ group: '', kind: 'Namespace' }));
  },
  async 'terminate workflows'(world, chance) {
    await withTemporal(world, async (client) => {
      for (const id of await workflowIds(client))
        if (chance.is(0.5))
          await client.workflow
            .getHandle(id)
            .terminate('a fault')
            .catch(() => undefined);
    });
  },
  async 'say what is old, twice, in the wrong order'(world, chance) {
    await withTemporal(world, async (client) => {
      for (const id of await workflowIds(client)) {
        const handle = client.workflow.getHandle(id);
        const old = {
          resource: { uid: 'not-this-one', generation: chance.between(0, 3), resourceVersion: '1' },
        };
        const unknown = { objects: ['ConfigMap/nobody', 'StatefulSet.apps/none'] };
        // One that ended meanwhile needs to hear nothing.
        await Promise.allSettled([
          handle.signal(resourceChanged, old),
          handle.signal(objectsChanged, unknown),
          handle.signal(resourceChanged, { resync: true }),
          handle.signal(resourceChanged, old),
        ]);
      }
    });
  },
};

async function temporalIsBack(world: FaultWorld): Promise<void> {
  await world.persist('Temporal is back', () =>
    withTemporal(world, async (client) => void (await workflowIds(client))),
  );
}

/** What befalls a development server, which keeps its histories in memory. */
export const LOSSES: Readonly<Record<string, Fault>> = {
  async 'wipe Temporal'(world) {
    await world.servers.restart('temporal');
    await temporalIsBack(world);
  },
};

/** What befalls Temporal on a database. */
export const CRASHES: Readonly<Record<string, Fault>> = {
  async 'kill Temporal'(world) {
    await world.servers.restart('temporal');
    await temporalIsBack(world);
  },
  async 'kill PostgreSQL'(world) {
    await world.servers.restart('postgres');
    await temporalIsBack(world);
  },
  async 'kill PostgreSQL and Temporal'(world) {
    await Promise.all([world.servers.restart('postgres'), world.servers.restart('temporal')]);
    await temporalIsBack(world);
  },
  async 'freeze PostgreSQL'(world, chance) {
    world.servers.freeze('postgres');
    await within(chance, 200, 3_000);
    world.servers.thaw('postgres');
  },
};

/** The program dies. */
export const KILLS: Readonly<Record<string, Fault>> = {
  async 'kill a replica'({ programs }, chance) {
    await programs.kill(chance.between(0, programs.count - 1));
  },
  async 'kill all replicas'({ programs }) {
    await Promise.all(Array.from({ length: programs.count }, (_, index) => programs.kill(index)));
  },
};

const OUTAGE_MS = 60_000;

/** A minute without one of the servers, in the middle of upgrades. Too long for a short run. */
export const OUTAGES: Readonly<Record<string, Fault>> = {
  async 'an API server away for a minute'({ wires: { kubernetes } }) {
    await kubernetes.cut();
    await delay(OUTAGE_MS);
    await kubernetes.mend();
  },
  async 'a Temporal away for a minute'({ wires: { temporal } }) {
    await temporal.cut();
    await delay(OUTAGE_MS);
    await temporal.mend();
  },
  async 'an API server that swallows everything for a minute'({ wires: { kubernetes } }) {
    kubernetes.stall();
    await delay(OUTAGE_MS);
    kubernetes.resume();
  },
};
