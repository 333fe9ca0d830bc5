#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import colors from 'picocolors';
import { ManifestError } from '../testing/manifests.ts';
import { SetupError } from '../worker/setup-error.ts';
import { askCommands } from './ask.ts';
import { UsageError } from './load-operators.ts';
import { planCommand } from './plan.ts';
import { replayCommand } from './replay.ts';
import { runCommand } from './run.ts';
import { sandboxCommand } from './sandbox.ts';

const { version, description } = JSON.parse(
  await readFile(new URL(import.meta.resolve('durable-operator/package.json')), 'utf8'),
) as { version: string; description: string };

const program = new Command('durable-operator')
  .description(description)
  .version(version)
  .addCommand(runCommand())
  .addCommand(planCommand())
  .addCommand(replayCommand())
  .addCommand(sandboxCommand());
for (const command of askCommands()) program.addCommand(command);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${colors.red('error:')} ${sayingOf(error)}\n`);
  process.exitCode = 1;
}
// What a command could not end, as a connection to a server that does not answer, must not keep its process.
process.exit();

/** What a person can mend is one line; anything else is a defect and keeps its stack. */
function sayingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isMendable = [UsageError, SetupError, ManifestError].some((mendable) => error instanceof mendable);
  return isMendable || isOfSystem(error) ? error.message : (error.stack ?? error.message);
}

/** A file, a directory or a port that the operating system refuses; its message says which. */
function isOfSystem(error: Error): boolean {
  return 'syscall' in error || ('code' in error && error.code === 'ERR_SYSTEM_ERROR');
}
