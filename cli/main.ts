#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import colors from 'picocolors';
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

try {
  await program.parseAsync();
} catch (error) {
  const message =
    error instanceof UsageError || !(error instanceof Error)
      ? String(error instanceof Error ? error.message : error)
      : (error.stack ?? error.message);
  process.stderr.write(`${colors.red('error:')} ${message}\n`);
  process.exitCode = 1;
}
