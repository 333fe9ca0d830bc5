/** What people ask of one resource, and what it answers: `status`, and a command for each Update of its workflow. */
import { userInfo } from 'node:os';
import type { WorkflowHandle } from '@temporalio/client';
import { Command } from 'commander';
import colors from 'picocolors';
import type * as Worker from '../worker/index.ts';
import type { Asker, CommandUpdate, Commands } from '../worker/index.ts';
import { UsageError } from './load-operators.ts';

interface Flags {
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
}

interface AskFlags extends Flags, Asker {}

const RESOURCE = 'as kubectl prints it, with its namespace: pinots.datainfra.io/<namespace>/<name>';

export function askCommands(): readonly Command[] {
  return [
    temporal(new Command('status'))
      .description('Where a resource stands: what waits for what, since when, and what can be done.')
      .argument('<resource>', RESOURCE)
      .action((resource: string, flags: Flags) =>
        withWorkflow(resource, flags, async (handle, { rolloutStatus }) => {
          const { summary, details } = await handle.query(rolloutStatus);
          process.stdout.write(`${colors.bold(summary)}\n\n${details.replaceAll('\u00a0', '')}\n`);
        }),
      ),
    ask('approve', 'Approve what waits for an approval.', ({ approve }) => approve)
      .option('--stage <name>', 'only this stage')
      .option('--expires <time>', 'RFC 3339 time after which the approval counts no more'),
    ask(
      'rollback',
      'Go back to the last good set of objects; the spec stays as it is.',
      ({ rollBack }) => rollBack,
    ),
    ask('retry', 'Try at once what was refused or is waited for.', ({ retry }) => retry),
    ask('pause', 'Change nothing, or restart nothing, until it is resumed.', ({ pause }) => pause)
      .option('--scope <scope>', '"all", or "rollouts" to go on repairing', 'all')
      .option('--role <role>', 'only the workloads of this role')
      .option('--object <kind/name>', 'only this object, for example StatefulSet/pinot-broker')
      .option('--until <time>', 'RFC 3339 time at which it ends by itself'),
    ask('resume', 'End every pause.', ({ resume }) => resume),
    ask('restart', 'Restart pods in order, through the gates.', ({ restart }) => restart).option(
      '--roles <role...>',
      'only the workloads of these roles',
    ),
    ask('abandon', 'End a deletion without what it waits for.', ({ abandon }) => abandon),
  ];
}

function ask<Request extends Asker>(
  name: string,
  description: string,
  updateOf: (updates: Commands) => CommandUpdate<Request>,
): Command {
  return temporal(new Command(name))
    .description(description)
    .argument('<resource>', RESOURCE)
    .option('--by <name>', 'who asks', currentUser())
    .option('--why <text>', 'why, for the annotation, the events and the journal')
    .action((resource: string, flags: AskFlags & Request) =>
      withWorkflow(resource, flags, async (handle, { UPDATES }) => {
        const { temporalAddress: _1, temporalNamespace: _2, ...request } = flags;
        // What is left of the flags is the request: commander knows no types.
        const { message } = await handle.executeUpdate(updateOf(UPDATES), {
          args: [request as unknown as Request],
        });
        process.stdout.write(`${message}\n`);
      }),
    );
}

/** A pod may run under a number that no passwd entry names. */
function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

function temporal(command: Command): Command {
  return command
    .option(
      '--temporal-address <host:port>',
      'Temporal; else its profile (TEMPORAL_PROFILE) or TEMPORAL_ADDRESS',
    )
    .option('--temporal-namespace <name>', 'namespace of Temporal');
}

/** How long an answer is waited for; a program that is there answers within a second. */
const PATIENCE_MS = 30_000;

/** @throws UsageError when there is no such workflow, it refuses, or nothing answers for it. */
async function withWorkflow(
  resource: string,
  flags: Flags,
  use: (handle: WorkflowHandle, worker: typeof Worker) => Promise<void>,
): Promise<void> {
  const worker = await import('../worker/index.ts');
  const { client, close } = await worker.openTemporal(flags);
  try {
    await client.withDeadline(Date.now() + PATIENCE_MS, () =>
      use(client.workflow.getHandle(resource), worker),
    );
  } catch (error) {
    throw await refusalOf(error, resource);
  } finally {
    await close();
  }
}

async function refusalOf(error: unknown, resource: string): Promise<unknown> {
  const temporal = await import('@temporalio/client');
  const cause = { cause: error };
  if (error instanceof temporal.WorkflowNotFoundError)
    return new UsageError(`no workflow ${resource}; name the resource ${RESOURCE}`, cause);
  if (error instanceof temporal.WorkflowUpdateFailedError)
    return new UsageError(`refused: ${error.cause?.message ?? error.message}`, cause);
  if (
    temporal.isGrpcServiceError(error) ||
    error instanceof temporal.WorkflowUpdateRPCTimeoutOrCancelledError
  ) {
    const why = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
    return new UsageError(`nothing answers for ${resource}; does its operator run? (${why})`, cause);
  }
  return error;
}
