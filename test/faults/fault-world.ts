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

export class FaultWorld implements AsyncDisposable {
  readonly sandbox: OwnedSandbox;
  readonly servers: Servers;
  readonly api: KubernetesClient;
  readonly namespace: string;
  readonly wires: Readonly<Record<'kubernetes' | 'temporal', TcpProxy>>;
  readonly programs: Programs;
  readonly witness: Witness;

  private constructor(
    parts: Pick<FaultWorld, 'sandbox' | 'api' | 'namespace' | 'wires' | 'programs' | 'witness'>,
  ) {
    this.sandbox = parts.sandbox;
    this.servers = new Servers(parts.sandbox);
    this.api = parts.api;
    this.namespace = parts.namespace;
    this.wires = parts.wires;
    this.programs = parts.programs;
    this.witness = parts.witness;
  }

  static async open(name: string, replicas: number): Promise<FaultWorld> {
    const answersOf = ['apps/statefulsets', 'apps/statefulsets/status', 'apps/statefulsets/scale'];
    const sandbox = await startSandbox({ name, auditLog: { answersOf } });
    // It ends with this process; that a server was killed is what it is here for.
    sandbox.ended.catch(() => undefined);
    const { kubeconfig, apiServer, temporal } = sandbox;
    const api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig }), userAgent: 'faults' });
    await installToyKind(api);
    const namespace = await freshNamespace(sandbox, 'faults');
    const [server, frontend] = [new URL(apiServer), new URL(`tcp://${temporal.address}`)];
    const wires = {
      kubernetes: await TcpProxy.to(server.hostname, Number(server.port)),
      temporal: await TcpProxy.to(frontend.hostname, Number(frontend.port)),
    };
    const wired = path.join(sandbox.directory, 'wired.kubeconfig');
    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(wired, text.replaceAll(server.host, `${server.hostname}:${wires.kubernetes.port}`));
    const witness = new Witness(api, namespace, ORDER);
    await witness.synced;
    const args = [
      ...['run', 'test/faults/operator.ts', '--kubeconfig', wired, '--allow-namespace', namespace],
      ...['--temporal-address', `127.0.0.1:${wires.temporal.port}`, '--log-level', 'warn'],
      ...['--leader-elect', '--leader-elect-namespace', namespace, ...Object.entries(ELECTION).flat()],
    ];
    const programs = new Programs(args, replicas);
    return new FaultWorld({ sandbox, api, namespace, wires, programs, witness });
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
    await this.sandbox.stop();
  }
}
