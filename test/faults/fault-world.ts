/** A sandbox of its own, replicas of the program that reach it through wires, and a witness that does not. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createKubernetesApi } from '../../kubernetes/client.ts';
import { loadKubeConfig } from '../../kubernetes/kube-config.ts';
import type { OwnedSandbox } from '../../sandbox/index.ts';
import { startSandbox } from '../../sandbox/index.ts';
import { eventually } from '../../testing/eventually.ts';
import { freshNamespace } from '../support/sandbox.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { installToyKind } from '../support/toy-crd.ts';
import { Programs } from './programs.ts';
import { Servers } from './servers.ts';
import { startTemporalOnPostgres } from './temporal-on-postgres.ts';
import { Witness } from './witness.ts';

export const ORDER: readonly string[] = ['controller', 'broker', 'server'];
/** Short enough that a hand-over is part of every run, long enough for a loaded machine to renew in. */
const ELECTION = {
  '--leader-elect-lease-duration': '5s',
  '--leader-elect-renew-deadline': '3500ms',
  '--leader-elect-retry-period': '500ms',
};
/** A server that was started anew, on a loaded machine. */
const BACK_MS = 60_000;

export type TemporalKind = 'dev' | 'postgres';

export interface WorldOptions {
  readonly name: string;
  /** Of the program. */
  readonly replicas: number;
  readonly temporal: TemporalKind;
  say(line: string): void;
}

type Parts = Pick<
  FaultWorld,
  'sandbox' | 'servers' | 'temporalAddress' | 'api' | 'namespace' | 'wires' | 'programs' | 'witness'
>;

export class FaultWorld implements AsyncDisposable {
  readonly sandbox: OwnedSandbox;
  readonly servers: Servers;
  readonly temporalAddress: string;
  readonly api: KubernetesClient;
  readonly namespace: string;
  readonly wires: Readonly<Record<'kubernetes' | 'temporal', TcpProxy>>;
  readonly programs: Programs;
  readonly witness: Witness;
  readonly #clean: () => Promise<void>;

  private constructor(parts: Parts, clean: () => Promise<void>) {
    this.sandbox = parts.sandbox;
    this.servers = parts.servers;
    this.temporalAddress = parts.temporalAddress;
    this.api = parts.api;
    this.namespace = parts.namespace;
    this.wires = parts.wires;
    this.programs = parts.programs;
    this.witness = parts.witness;
    this.#clean = clean;
  }

  static async open({ name, replicas, temporal, say }: WorldOptions): Promise<FaultWorld> {
    const answersOf = ['apps/statefulsets', 'apps/statefulsets/status', 'apps/statefulsets/scale'];
    const isDev = temporal === 'dev';
    const sandbox = await startSandbox({ name, auditLog: { answersOf }, temporal: isDev });
    // It ends with this process; that a server was killed is what it is here for.
    sandbox.ended.catch(() => undefined);
    const { kubeconfig, apiServer, directory } = sandbox;
    const servers = new Servers(sandbox);
    const report = (component: string, message: string): void => say(`${component}: ${message}`);
    const { address, clean } = isDev
      ? { ...sandbox.temporal, clean: () => Promise.resolve() }
      : await startTemporalOnPostgres({ servers, directory, report });
    const api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig }), userAgent: 'faults' });
    await installToyKind(api);
    await installToyKind(api, 'Gadget');
    const namespace = await freshNamespace(sandbox, 'faults');
    const [server, frontend] = [new URL(apiServer), new URL(`tcp://${address}`)];
    const wires = {
      kubernetes: await TcpProxy.to(server.hostname, Number(server.port)),
      temporal: await TcpProxy.to(frontend.hostname, Number(frontend.port)),
    };
    const wired = path.join(directory, 'wired.kubeconfig');
    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(wired, text.replaceAll(server.host, `${server.hostname}:${wires.kubernetes.port}`));
    const witness = new Witness(api, namespace, ORDER);
    await witness.synced;
    const args = [
      ...['run', 'test/faults/operator.ts', '--kubeconfig', wired, '--allow-namespace', namespace],
      ...['--temporal-address', `127.0.0.1:${wires.temporal.port}`, '--log-level', 'warn'],
      // Every fault meets comparisons.
      ...['--resync-period', '5s'],
      ...['--leader-elect', '--leader-elect-namespace', namespace, ...Object.entries(ELECTION).flat()],
    ];
    const programs = new Programs(args, replicas);
    return new FaultWorld(
      { sandbox, servers, temporalAddress: address, api, namespace, wires, programs, witness },
      clean,
    );
  }

  /** Does it however long the API server is away. */
  persist<Value>(what: string, action: () => Promise<Value>): Promise<Value> {
    return eventually(what, async () => ({ value: await action() }), { timeoutMs: BACK_MS }).then(
      ({ value }) => value,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.programs[Symbol.asyncDispose]();
    await this.witness.stop();
    await this.api.close();
    for (const wire of Object.values(this.wires)) await wire[Symbol.asyncDispose]();
    await this.servers[Symbol.asyncDispose]();
    await this.#clean();
    await this.sandbox.stop();
  }
}
