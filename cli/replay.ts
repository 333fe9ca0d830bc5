import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import colors from 'picocolors';
import type { RecordedHistory } from '../worker/index.ts';
import { UsageError } from './load-operators.ts';

interface Flags {
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
  readonly query: string;
}

const RUNNING = 'WorkflowType="reconcile" AND ExecutionStatus="Running"';

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'Replay workflows of a Temporal, or recorded histories, against this code. Writes nothing; exits 1 on a difference.',
    )
    .argument('[history...]', 'JSON files with one history each; else the workflows of a Temporal')
    .option(
      '--temporal-address <host:port>',
      'Temporal; else its profile (TEMPORAL_PROFILE) or TEMPORAL_ADDRESS',
    )
    .option('--temporal-namespace <name>', 'namespace of Temporal')
    .option('--query <query>', 'which workflows, as a list filter', RUNNING)
    .action(async (files: string[], flags: Flags) => {
      const differing = await replayAll(files, flags);
      if (differing > 0) process.exitCode = 1;
    });
}

async function replayAll(files: readonly string[], flags: Flags): Promise<number> {
  const { historiesOf, openTemporal, replay, workflowBundle } = await import('../worker/index.ts');
  const bundle = await workflowBundle();
  const temporal = files.length > 0 ? undefined : await openTemporal(flags);
  const histories = temporal ? historiesOf(temporal.client, flags.query) : fileHistories(files);
  let [same, differing] = [0, 0];
  try {
    for await (const { workflowId, difference } of replay({ bundle, histories })) {
      if (difference === undefined) same++;
      else {
        differing++;
        process.stdout.write(
          `${colors.red('differs')} ${workflowId}\n  ${difference.replaceAll('\n', '\n  ')}\n`,
        );
      }
    }
  } finally {
    await temporal?.close();
  }
  process.stdout.write(`${same} replayed the same, ${differing} differ\n`);
  return differing;
}

async function* fileHistories(files: readonly string[]): AsyncGenerator<RecordedHistory> {
  for (const file of files) {
    try {
      const history: unknown = JSON.parse(await readFile(file, 'utf8'));
      if (!isHistory(history)) throw new Error('it has no list "events"');
      yield { workflowId: file, history };
    } catch (error) {
      throw new UsageError(
        `${file} is no recorded history: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }
}

function isHistory(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'events' in value && Array.isArray(value.events);
}
