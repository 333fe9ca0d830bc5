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
    .option('--by <name>', 'who asks', userInfo().username)
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

function temporal(command: Command): Command {
  return command
    .option(
      '--temporal-address <host:port>',
      'Temporal; else its profile (TEMPORAL_PROFILE) or TEMPORAL_ADDRESS',
    )
    .option('--temporal-namespace <name>', 'namespace of Temporal');
}

/** @throws UsageError when there is no such workflow, or it refuses. */
async function withWorkflow(
  resource: string,
  flags: Flags,
  use: (handle: WorkflowHandle, worker: typeof Worker) => Promise<void>,
): Promise<void> {
  const worker = await import('../worker/index.ts');
  const { WorkflowNotFoundError, WorkflowUpdateFailedError } = await import('@temporalio/client');
  const { client, close } = await worker.openTemporal(flags);
  try {
    await use(client.workflow.getHandle(resource), worker);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new UsageError(`no workflow ${resource}; name the resource ${RESOURCE}`, { cause: error });
    if (error instanceof WorkflowUpdateFailedError)
      throw new UsageError(`refused: ${error.cause?.message ?? error.message}`, { cause: error });
    throw error;
  } finally {
    await close();
  }
}
