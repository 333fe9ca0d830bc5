import { Command } from 'commander';
import {
  DEFAULT_NAME,
  listSandboxes,
  SandboxError,
  startDetachedSandbox,
  startSandbox,
  stopSandbox,
  type Progress,
  type SandboxFacts,
} from '../sandbox/index.ts';
import { portOf } from './run.ts';

interface UpFlags {
  readonly name: string;
  readonly detach?: boolean;
  readonly directory?: string;
  readonly uiPort?: number;
  readonly auditLog?: boolean;
  readonly kubernetes: boolean;
  readonly temporal: boolean;
}

export function sandboxCommand(): Command {
  return new Command('sandbox')
    .description(
      'A real Kubernetes control plane and a real Temporal on this machine, with simulated pods and no container runtime.',
    )
    .addCommand(upCommand())
    .addCommand(downCommand())
    .addCommand(statusCommand());
}

function upCommand(): Command {
  return new Command('up')
    .description('Start a sandbox and keep it until Ctrl-C.')
    .option('--name <name>', 'several run side by side under different names', DEFAULT_NAME)
    .option('--detach', 'return once it is ready; it runs until `sandbox down`')
    .option('--directory <path>', 'where logs and the kubeconfig go; else a temporary one')
    .option('--ui-port <port>', "the port of Temporal's UI; else a free one", portOf)
    .option('--audit-log', 'have the API server log every request')
    .option('--no-kubernetes', 'only Temporal')
    .option('--no-temporal', 'only Kubernetes')
    .action(async ({ detach, ...options }: UpFlags) => {
      await told(detach === true ? upDetached(options) : upUntilInterrupted(options));
    });
}

function downCommand(): Command {
  return new Command('down')
    .description('End a sandbox and remove all of it.')
    .argument('[name]', 'which one', DEFAULT_NAME)
    .action(async (name: string) => {
      await told(stopSandbox(name).then(() => say(`${name} has ended`)));
    });
}

function statusCommand(): Command {
  return new Command('status').description('List the sandboxes of this machine.').action(async () => {
    const announcements = await listSandboxes();
    if (announcements.length === 0) say('no sandbox runs');
    for (const announcement of announcements) {
      if (announcement.state === 'ready') say(described(announcement.facts));
      else say(`${announcement.name}: starting (process ${announcement.owner})`);
    }
  });
}

async function upDetached(options: Omit<UpFlags, 'detach'>): Promise<void> {
  const sandbox = await startDetachedSandbox({ ...options, onProgress: print });
  say(described(sandbox));
  say(`\nIt runs until \`durable-operator sandbox down ${sandbox.name}\`.`);
  await sandbox[Symbol.asyncDispose]();
}

async function upUntilInterrupted(options: Omit<UpFlags, 'detach'>): Promise<void> {
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new SandboxError('interrupted'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const sandbox = await startSandbox({ ...options, signal: abort.signal, onProgress: print });
  say(described(sandbox));
  say('\nCtrl-C ends it.');
  try {
    await sandbox.ended;
  } finally {
    await sandbox.stop();
  }
}

/** Progress goes to stderr, so that stdout holds only what a script wants. */
function print({ component, message, elapsedMs }: Progress): void {
  process.stderr.write(`${(elapsedMs / 1000).toFixed(1).padStart(6)} s  ${component}: ${message}\n`);
}

function described({ name, directory, kubeconfig, temporal, auditLog }: SandboxFacts): string {
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['KUBECONFIG', kubeconfig],
    ['TEMPORAL_ADDRESS', temporal.address],
    ['Temporal UI', temporal.uiUrl],
    ['audit log', auditLog],
    ['for your shell', `source ${directory}/env`],
  ];
  const shown = lines.filter(([, value]) => value !== undefined && value !== '');
  return [`${name}:`, ...shown.map(([label, value]) => `  ${label.padEnd(18)}${value}`)].join('\n');
}

/** What a person can do something about is one line; anything else is a defect and keeps its stack. */
async function told(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
