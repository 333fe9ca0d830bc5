/** Everything the program takes from its surroundings; the only reader of the environment. */
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import ms from 'ms';
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
  /** @defaultValue LOG_LEVEL, else `info` */
  readonly logLevel?: string;
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
  readonly kubernetes: { readonly kubeconfig?: string; readonly context?: string };
  readonly temporal: ReturnType<typeof loadClientConnectConfig>;
  readonly role: Role;
  readonly namespaces: { readonly allowed?: readonly string[]; readonly denied?: readonly string[] };
  readonly healthPort?: number;
  readonly resyncPeriodMs?: number;
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

export function readConfig(options: RunOptions): Config {
  const temporal = loadClientConnectConfig();
  const address = options.temporalAddress ?? temporal.connectionOptions.address;
  const denied = options.deniedNamespaces ?? listOf(process.env['DENY_LIST']);
  const resyncPeriodMs = durationOf('resyncPeriod', options.resyncPeriod);
  return {
    kubernetes: {
      ...(options.kubeconfig ? { kubeconfig: options.kubeconfig } : {}),
      ...(options.context ? { context: options.context } : {}),
    },
    temporal: {
      ...temporal,
      ...(options.temporalNamespace ? { namespace: options.temporalNamespace } : {}),
      connectionOptions: { ...temporal.connectionOptions, ...(address ? { address } : {}) },
    },
    role: options.role ?? 'all',
    namespaces: { ...(options.allowedNamespaces ? { allowed: options.allowedNamespaces } : {}), denied },
    ...(options.healthPort === undefined ? {} : { healthPort: options.healthPort }),
    ...(resyncPeriodMs === undefined ? {} : { resyncPeriodMs }),
    logLevel: options.logLevel ?? process.env['LOG_LEVEL'] ?? 'info',
    identity: options.identity ?? process.env['POD_NAME'] ?? `${process.pid}@${hostname()}`,
    leaderElection: readLeaderElection(options.leaderElection ?? {}),
  };
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

/** Where what is expensive to make is kept. */
export function defaultCacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'durable-operator');
}
