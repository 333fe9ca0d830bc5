/** Everything the program takes from its surroundings; the only reader of the environment. */
import { hostname } from 'node:os';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import ms from 'ms';
import type { KubeConfigSource } from '../kubernetes/kube-config.ts';
import type { LeaseTimings } from '../kubernetes/leader-election.ts';
import { DEFAULT_LEASE_TIMINGS } from '../kubernetes/leader-election.ts';
import { SetupError } from './setup-error.ts';

export type Role = 'all' | 'bridge' | 'worker';

export interface RunOptions {
  /** @defaultValue KUBECONFIG, else `~/.kube/config`, else the service account of the pod */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** @defaultValue what the Temporal profile or TEMPORAL_ADDRESS says, else `localhost:7233` */
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
  /** `bridge` watches and signals, `worker` reconciles, `all` does both. @defaultValue `'all'` */
  readonly role?: Role;
  /** Only resources in these namespaces. @defaultValue all */
  readonly allowedNamespaces?: readonly string[];
  /** No resources in these namespaces. @defaultValue the comma-separated variable DENY_LIST */
  readonly deniedNamespaces?: readonly string[];
  /** Port of `/healthz` and `/readyz`; 0 takes a free one. @defaultValue none */
  readonly healthPort?: number;
  /** How often all resources are compared with what their statuses say, one after the other. @defaultValue `'10 minutes'` */
  readonly resyncPeriod?: string;
  /**
   * Within this time after SIGTERM the process has ended; shorter than `terminationGracePeriodSeconds` of its pod.
   *
   * @defaultValue `'25 seconds'`
   */
  readonly shutdownTimeout?: string;
  /** @defaultValue LOG_LEVEL, else `info` */
  readonly logLevel?: string;
  /**
   * Where the key of digests lies; another place is another key, so move the Secret along.
   *
   * @defaultValue the namespace of the pod; outside a cluster `default`
   */
  readonly digestKeyNamespace?: string;
  /** How replicas of this program agree on whose bridge tells what it sees. */
  readonly leaderElection?: LeaderElectionOptions;
  /** Names this process in events, in Temporal and in the lease. @defaultValue POD_NAME, else `<pid>@<host>` */
  readonly identity?: string;
}

/** Times are like `'15 seconds'`; their defaults are those of client-go. */
export interface LeaderElectionOptions {
  /** @defaultValue whether the cluster was found by the service account of a pod */
  readonly enabled?: boolean;
  /** Where the lease lies. @defaultValue the namespace of the pod, else that of the kubeconfig's context, else `default` */
  readonly namespace?: string;
  /** After so long without a renewal another replica takes over. @defaultValue `'15 seconds'` */
  readonly leaseDuration?: string;
  /** A leader that could not renew for so long stops leading. @defaultValue `'10 seconds'` */
  readonly renewDeadline?: string;
  /** Between two attempts to take or renew the lease. @defaultValue `'2 seconds'` */
  readonly retryPeriod?: string;
}

export interface Config {
  readonly kubernetes: KubeConfigSource;
  readonly temporal: ReturnType<typeof loadClientConnectConfig>;
  readonly role: Role;
  readonly namespaces: { readonly allowed?: readonly string[]; readonly denied?: readonly string[] };
  readonly healthPort?: number;
  readonly resyncPeriodMs?: number;
  readonly shutdownMs: number;
  readonly digestKeyNamespace?: string;
  readonly logLevel: string;
  /** Names this process in events, in Temporal and in the lease. */
  readonly identity: string;
  readonly leaderElection: {
    /** Undefined: where the program runs in a cluster. */
    readonly enabled?: boolean;
    readonly namespace?: string;
    readonly timings: LeaseTimings;
  };
}

/** What Temporal's workflow cache may hold; about 0.35 MB a resource. */
export const MAX_CACHED_WORKFLOWS = 500;

/** Kubernetes grants a pod 30 seconds where its manifest says nothing else. */
const DEFAULT_SHUTDOWN_MS = 25_000;

const LOG_LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
/** RFC 1123, as the API server checks it. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function readConfig(options: RunOptions): Config {
  const temporal = readTemporal();
  const address = options.temporalAddress ?? temporal.connectionOptions.address;
  const resyncPeriodMs = durationOf('resyncPeriod', options.resyncPeriod);
  return {
    kubernetes: {
      env: process.env,
      ...(options.kubeconfig ? { kubeconfig: options.kubeconfig } : {}),
      ...(options.context ? { context: options.context } : {}),
    },
    temporal: {
      ...temporal,
      ...(options.temporalNamespace ? { namespace: options.temporalNamespace } : {}),
      connectionOptions: { ...temporal.connectionOptions, ...(address ? { address } : {}) },
    },
    role: options.role ?? 'all',
    namespaces: readNamespaces(options),
    ...(options.healthPort === undefined ? {} : { healthPort: options.healthPort }),
    ...(resyncPeriodMs === undefined ? {} : { resyncPeriodMs }),
    ...(options.digestKeyNamespace ? { digestKeyNamespace: options.digestKeyNamespace } : {}),
    shutdownMs: durationOf('shutdownTimeout', options.shutdownTimeout) ?? DEFAULT_SHUTDOWN_MS,
    logLevel: readLogLevel(options.logLevel),
    identity: options.identity ?? process.env['POD_NAME'] ?? `${process.pid}@${hostname()}`,
    leaderElection: readLeaderElection(options.leaderElection ?? {}),
  };
}

/** Of what is found in files and variables nothing is used when a part of it can not be read. */
function readTemporal(): Config['temporal'] {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    throw SetupError.of(
      "Temporal's configuration (TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE, TEMPORAL_…)",
      error,
    );
  }
}

function readLogLevel(option: string | undefined): string {
  const level = option ?? (process.env['LOG_LEVEL'] || 'info');
  if (LOG_LEVELS.includes(level)) return level;
  const source = option === undefined ? 'LOG_LEVEL' : 'the log level';
  throw new SetupError(`${source} is one of ${LOG_LEVELS.join(', ')}, not "${level}"`);
}

/** In one form for one set of namespaces, since programs are divided by it. */
function readNamespaces({ allowedNamespaces, deniedNamespaces }: RunOptions): Config['namespaces'] {
  const denied = namespacesOf('denied namespaces', deniedNamespaces ?? listOf(process.env['DENY_LIST']));
  if (!allowedNamespaces) return { denied };
  const allowed = namespacesOf('allowed namespaces', allowedNamespaces);
  const left = allowed.filter((name) => !denied.includes(name));
  if (left.length > 0) return { allowed: left, denied: [] };
  throw new SetupError(
    `no namespace is left: ${allowed.join(', ') || 'none'} allowed, ${denied.join(', ') || 'none'} denied`,
  );
}

/** @throws SetupError unless each can be the name of a namespace. */
function namespacesOf(what: string, names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !NAMESPACE.test(name));
  if (wrong === undefined) return [...new Set(names)].sort();
  throw new SetupError(`${what}: "${wrong}" is not the name of a namespace`);
}

function readLeaderElection({
  enabled,
  namespace,
  ...times
}: LeaderElectionOptions): Config['leaderElection'] {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = DEFAULT_LEASE_TIMINGS;
  const timings = {
    leaseDurationMs: durationOf('leader election: leaseDuration', times.leaseDuration) ?? leaseDurationMs,
    renewDeadlineMs: durationOf('leader election: renewDeadline', times.renewDeadline) ?? renewDeadlineMs,
    retryPeriodMs: durationOf('leader election: retryPeriod', times.retryPeriod) ?? retryPeriodMs,
  };
  const { leaseDurationMs: lease, renewDeadlineMs: deadline, retryPeriodMs: retry } = timings;
  // client-go asks for the same: a leader steps down before another may follow, after more than one attempt to renew.
  if (lease <= deadline || deadline <= retry * 1.2)
    throw new SetupError(
      `leader election: leaseDuration (${lease} ms) must be longer than renewDeadline (${deadline} ms), and that longer than 1.2 times retryPeriod (${retry} ms)`,
    );
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(namespace === undefined ? {} : { namespace }),
    timings,
  };
}

/** @throws SetupError when it is no duration. */
function durationOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const duration = ms(text as ms.StringValue);
  if (Number.isFinite(duration) && duration > 0) return duration;
  throw new SetupError(`${name} is a time like "15 seconds", not "${text}"`);
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
