import { Command, InvalidArgumentError, Option } from 'commander';
import type { RunOptions } from '../worker/index.ts';
import { loadOperators } from './load-operators.ts';

interface LeaderElectionFlags {
  readonly leaderElect?: boolean;
  readonly leaderElectNamespace?: string;
  readonly leaderElectLeaseDuration?: string;
  readonly leaderElectRenewDeadline?: string;
  readonly leaderElectRetryPeriod?: string;
}

interface Flags extends LeaderElectionFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
  readonly role: NonNullable<RunOptions['role']>;
  readonly allowNamespace?: string[];
  readonly denyNamespace?: string[];
  readonly resyncPeriod?: string;
  readonly healthPort?: number;
  readonly logLevel?: string;
  readonly shutdownTimeout?: string;
  readonly digestKeyNamespace?: string;
}

export function runCommand(): Command {
  const command = new Command('run')
    .description(
      'Run the operators that a module exports: watch their resources, and reconcile each in a workflow.',
    )
    .argument('<module>', 'path of a module that exports one operator or several')
    .addOption(
      new Option('--role <role>', 'watch only, reconcile only, or both')
        .choices(['all', 'bridge', 'worker'])
        .default('all'),
    )
    .option(
      '--kubeconfig <path>',
      "the cluster; else KUBECONFIG, ~/.kube/config, or the pod's service account",
    )
    .option('--context <name>', 'a context of the kubeconfig')
    .option(
      '--temporal-address <host:port>',
      'Temporal; else its profile (TEMPORAL_PROFILE) or TEMPORAL_ADDRESS',
    )
    .option('--temporal-namespace <name>', 'namespace of Temporal')
    .option('--allow-namespace <name...>', 'only resources in these namespaces')
    .option(
      '--deny-namespace <name...>',
      'no resources in these namespaces; else the comma-separated DENY_LIST',
    )
    .option('--resync-period <time>', 'compare each resource with its status so often (default "10m")')
    .option('--health-port <port>', 'serve /healthz and /readyz here', portOf)
    .option('--log-level <level>', 'trace, debug, info, warn or error')
    .option(
      '--shutdown-timeout <time>',
      'the process has ended so long after SIGTERM; less than the grace period of its pod (default "25s")',
    )
    .option(
      '--digest-key-namespace <name>',
      'where the key of digests lies; else the namespace of the pod, outside a cluster "default"',
    );
  return withLeaderElection(command).action(async (module: string, flags: Flags) => {
    const { allowNamespace, denyNamespace, ...rest } = flags;
    const operators = await loadOperators(module);
    // Only a command that needs Temporal's SDK waits for it to load.
    const { runOperator } = await import('../worker/index.ts');
    await runOperator(operators, {
      ...rest,
      ...(allowNamespace ? { allowedNamespaces: allowNamespace } : {}),
      ...(denyNamespace ? { deniedNamespaces: denyNamespace } : {}),
      leaderElection: leaderElectionOf(flags),
    });
  });
}

/** The flags are named as kube-controller-manager's. */
function withLeaderElection(command: Command): Command {
  return command
    .option('--leader-elect', 'of several replicas only one signals, by a lease (default in a cluster)')
    .option('--no-leader-elect', 'signal whoever else does (default elsewhere)')
    .option('--leader-elect-namespace <name>', 'where the lease lies; else the namespace of the pod')
    .option('--leader-elect-lease-duration <time>', 'followers wait so long for a renewal (default "15s")')
    .option('--leader-elect-renew-deadline <time>', 'a leader gives up after so long (default "10s")')
    .option('--leader-elect-retry-period <time>', 'between two attempts (default "2s")');
}

function leaderElectionOf(flags: LeaderElectionFlags): NonNullable<RunOptions['leaderElection']> {
  const { leaderElect: enabled, leaderElectNamespace: namespace } = flags;
  const { leaderElectLeaseDuration: leaseDuration } = flags;
  const { leaderElectRenewDeadline: renewDeadline, leaderElectRetryPeriod: retryPeriod } = flags;
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(namespace ? { namespace } : {}),
    ...(leaseDuration ? { leaseDuration } : {}),
    ...(renewDeadline ? { renewDeadline } : {}),
    ...(retryPeriod ? { retryPeriod } : {}),
  };
}

export function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535.');
  return port;
}
