import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClusterApi, type ClusterAccess } from './cluster-api.ts';
import type { AuditOptions } from './cluster-files.ts';
import { controlPlaneProgram } from './control-plane-program.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { startJanitor, type GuardedProcess } from './guarded-process.ts';
import { startKubelet } from './kubelet.ts';
import { dataDirectory, runtimeDirectory } from './places.ts';
import { reporter, type Progress, type Report } from './progress.ts';
import { claimName, type Claimed, type SandboxFacts } from './registry.ts';
import { SandboxError } from './sandbox-error.ts';
import { createStorageClass } from './storage.ts';
import { temporalProgram } from './temporal-program.ts';
import { startTemporal, type DynamicConfig, type TemporalServer } from './temporal.ts';
import { createUnschedulablePolicy } from './unschedulable.ts';
import { ended, waitUntil } from './wait-until.ts';

export const DEFAULT_NAME = 'default';
/** The search attributes this project's workflows carry, all of type Keyword. */
export const DEFAULT_SEARCH_ATTRIBUTES: readonly string[] = [
  'ResourceKind',
  'ResourceNamespace',
  'ResourceReady',
  'ResourceStage',
];

const ATTEMPTS = 3;

export interface SandboxOptions {
  /** Several run side by side under different names. @defaultValue {@link DEFAULT_NAME} */
  readonly name?: string;
  /** Where logs, keys and the kubeconfig go. @defaultValue one in the temporary directory, removed at the end */
  readonly directory?: string;
  /** @defaultValue `true` */
  readonly kubernetes?: boolean;
  /** @defaultValue `true` */
  readonly temporal?: boolean;
  /** For Temporal's server, beside what the sandbox sets to make it quick. */
  readonly temporalDynamicConfig?: DynamicConfig;
  /** @defaultValue {@link DEFAULT_SEARCH_ATTRIBUTES} */
  readonly searchAttributes?: readonly string[];
  /** @defaultValue a free one */
  readonly uiPort?: number;
  /** Has the API server log every request. @defaultValue `false` */
  readonly auditLog?: boolean | AuditOptions;
  onProgress?(line: Progress): void;
  /** Ends the start, and later the sandbox. */
  readonly signal?: AbortSignal;
}

/** A running control plane with its Temporal. */
export interface Sandbox extends SandboxFacts, AsyncDisposable {
  /** Resolves when it has been stopped; rejects when a part of it ended by itself. */
  readonly ended: Promise<void>;
  /** Ends it for everybody and removes all of it. */
  stop(): Promise<void>;
}

/** A sandbox that this process owns, with the means to notice its users. */
export interface OwnedSandbox extends Sandbox {
  onUsers(listener: (count: number) => void): void;
}

/**
 * Starts a real Kubernetes control plane with a simulated kubelet, and a real Temporal, on free ports of this machine.
 * Resolves when all of it serves.
 *
 * **Guarantees** Nothing is left behind after `stop()`, nor after the end of this process, however it ends.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<OwnedSandbox> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryToStart(options);
    } catch (error) {
      // Somebody took a port between our choice and our use of it.
      const portTaken = error instanceof SandboxError && /address already in use/i.test(error.message);
      if (!portTaken || attempt === ATTEMPTS || options.uiPort !== undefined) throw error;
    }
  }
}

async function tryToStart(options: SandboxOptions): Promise<OwnedSandbox> {
  options.signal?.throwIfAborted();
  const name = options.name ?? DEFAULT_NAME;
  const claimed = await claimName(name);
  const building = new Building(name, claimed, options);
  try {
    return await building.build();
  } catch (error) {
    await building.tearDown();
    options.signal?.throwIfAborted();
    throw error;
  }
}

class Building {
  readonly #name: string;
  readonly #claimed: Claimed;
  readonly #options: SandboxOptions;
  readonly #directory: string;
  readonly #etcdData: string;
  readonly #report: Report;
  readonly #life = new AbortController();
  readonly #components: GuardedProcess[] = [];
  readonly #clean: () => Promise<void>;
  #kubelet: Promise<void> | undefined;
  #tornDown: Promise<void> | undefined;

  constructor(name: string, claimed: Claimed, options: SandboxOptions) {
    this.#name = name;
    this.#claimed = claimed;
    this.#options = options;
    this.#directory = path.resolve(options.directory ?? path.join(runtimeDirectory(), name));
    this.#etcdData = dataDirectory(name);
    this.#report = reporter(options.onProgress);
    // What an owner that was killed has left under this name.
    rmSync(this.#etcdData, { recursive: true, force: true });
    if (options.directory === undefined) rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#clean = startJanitor([this.#etcdData, claimed.socketFile, ...this.#ownFiles()]);
  }

  async build(): Promise<OwnedSandbox> {
    const { signal } = this.#options;
    signal?.addEventListener('abort', () => this.#life.abort(signal.reason), { once: true });
    const [kubernetes, temporal] = await this.#bothOrNone(
      this.#options.kubernetes === false ? Promise.resolve(undefined) : this.#startKubernetes(),
      this.#options.temporal === false ? Promise.resolve(undefined) : this.#startTemporal(),
    );
    const facts = this.#facts(kubernetes, temporal);
    writeFileSync(path.join(this.#directory, 'env'), environmentOf(facts), { mode: 0o600 });
    this.#claimed.announce(facts);
    this.#report('sandbox', `${this.#name} is ready`);
    return this.#sandbox(facts);
  }

  tearDown(): Promise<void> {
    this.#tornDown ??= this.#tearDown();
    return this.#tornDown;
  }

  async #tearDown(): Promise<void> {
    this.#life.abort();
    await this.#kubelet;
    await Promise.all(this.#components.map((component) => component.kill()));
    await this.#clean();
    await this.#claimed.release();
  }

  /** When one fails the other is told to stop, and is waited for, so that it starts nothing afterwards. */
  async #bothOrNone<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
    try {
      return await Promise.all([one, other]);
    } catch (error) {
      this.#life.abort();
      await Promise.allSettled([one, other]);
      throw error;
    }
  }

  async #startKubernetes(): Promise<ControlPlane> {
    const signal = this.#life.signal;
    const report = this.#report;
    const program = await controlPlaneProgram({ report, signal });
    signal.throwIfAborted();
    const controlPlane = await startControlPlane({
      program,
      directory: this.#directory,
      etcdData: this.#etcdData,
      auditLog: this.#auditOptions,
      report,
      signal,
      onProcess: (component) => this.#components.push(component),
    });
    await this.#populate(controlPlane.access);
    report('kubernetes', 'its controllers, storage class and node are ready');
    return controlPlane;
  }

  async #populate(access: ClusterAccess): Promise<void> {
    const { signal } = this.#life;
    const api = new ClusterApi(access);
    try {
      const [kubelet] = await Promise.all([
        startKubelet({
          ...access,
          signal,
          onTrouble: (error) => this.#report('kubelet', `tries again: ${String(error)}`),
        }),
        createStorageClass(api, signal),
        createUnschedulablePolicy(api, signal),
        this.#controllersRun(api, signal),
      ]);
      this.#kubelet = kubelet.ended;
    } finally {
      await api.close();
    }
  }

  /** The controllers have caught up once they have given the default namespace its service account. */
  async #controllersRun(api: ClusterApi, signal: AbortSignal): Promise<void> {
    const component = this.#components.find(({ name }) => name === 'kube-controller-manager');
    if (component === undefined) throw new Error('the controller manager has been started');
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    await waitUntil(
      async () => ((await api.call({ method: 'GET', path, signal })).code === 200 ? true : undefined),
      { state: 'ready', process: component, timeoutMs: 60_000, signal },
    );
  }

  async #startTemporal(): Promise<TemporalServer> {
    const signal = this.#life.signal;
    const report = this.#report;
    const program = await temporalProgram({ report, signal });
    signal.throwIfAborted();
    return startTemporal({
      program,
      directory: this.#directory,
      dynamicConfig: this.#options.temporalDynamicConfig ?? {},
      searchAttributes: this.#options.searchAttributes ?? DEFAULT_SEARCH_ATTRIBUTES,
      uiPort: this.#options.uiPort,
      report,
      signal,
      onProcess: (component) => this.#components.push(component),
    });
  }

  get #auditOptions(): AuditOptions | undefined {
    const { auditLog } = this.#options;
    return auditLog === true ? { answersOf: [] } : auditLog || undefined;
  }

  #facts(kubernetes: ControlPlane | undefined, temporal: TemporalServer | undefined): SandboxFacts {
    const pids = Object.fromEntries(this.#components.map(({ name, pid }) => [name, pid]));
    const auditLog = this.#auditOptions && kubernetes?.files.auditLog;
    return {
      name: this.#name,
      directory: this.#directory,
      kubeconfig: kubernetes?.files.kubeconfig ?? '',
      apiServer: kubernetes?.access.server ?? '',
      temporal: temporal ?? { address: '', namespace: 'default', uiUrl: '' },
      pids: { owner: process.pid, ...pids },
      ...(auditLog === undefined ? {} : { auditLog }),
    };
  }

  #sandbox(facts: SandboxFacts): OwnedSandbox {
    const over = Promise.withResolvers<void>();
    // Whoever does not look at `ended` still hears of it by what stops answering.
    over.promise.catch(() => undefined);
    const stop = (): Promise<void> => this.tearDown().then(over.resolve, over.reject);
    for (const component of this.#components) {
      void component.ended.then((how) => {
        if (!this.#life.signal.aborted) over.reject(ended(component, how));
      });
    }
    this.#claimed.onStop(() => void stop());
    this.#life.signal.addEventListener('abort', () => void stop(), { once: true });
    return {
      ...facts,
      ended: over.promise,
      stop,
      onUsers: (listener) => this.#claimed.onUsers(listener),
      [Symbol.asyncDispose]: stop,
    };
  }

  /** A directory that the user chose keeps what was there before, and the logs. */
  #ownFiles(): string[] {
    if (this.#options.directory === undefined) return [this.#directory];
    const files = [
      'kubeconfig',
      'tokens.csv',
      'service-account.key',
      'certificates',
      'env',
      'audit-policy.json',
    ];
    return files.map((file) => path.join(this.#directory, file)).filter((file) => !existsSync(file));
  }
}

/** For `source`: what kubectl, the Temporal CLI and this project's programs read. */
function environmentOf({ kubeconfig, temporal }: SandboxFacts): string {
  const lines = [
    ['KUBECONFIG', kubeconfig],
    ['TEMPORAL_ADDRESS', temporal.address],
    ['TEMPORAL_NAMESPACE', temporal.namespace],
    ['TEMPORAL_UI', temporal.uiUrl],
  ];
  return lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');
}
