import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connectSandbox } from './connect.ts';
import { runtimeDirectory } from './places.ts';
import type { Progress } from './progress.ts';
import { DEFAULT_NAME, type Sandbox, type SandboxOptions } from './sandbox.ts';
import { SandboxError } from './sandbox-error.ts';

/** What a supervisor is told, as its one argument. */
export interface SupervisorOptions extends Omit<SandboxOptions, 'onProgress' | 'signal'> {
  /** Ends the sandbox when nobody has been connected for so long. @defaultValue never */
  readonly idleMs?: number;
}

export interface DetachedOptions extends SupervisorOptions {
  onProgress?(line: Progress): void;
}

/** What a supervisor says on its standard output, line by line. */
export type SupervisorLine =
  { readonly progress: Progress } | { readonly ready: true } | { readonly failed: string };

/** Starts a sandbox that outlives this process: until `stop()`, until it has been idle, or until `sandbox down`. */
export async function startDetachedSandbox(options: DetachedOptions = {}): Promise<Sandbox> {
  const { onProgress, ...plain } = options;
  const file = `./supervisor${path.extname(import.meta.url)}`;
  const supervisor = spawn(
    process.execPath,
    [fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(plain)],
    { cwd: runtimeDirectory(), detached: true, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let failure: string | undefined;
  let lastWords = '';
  supervisor.stderr.on('data', (chunk) => (lastWords = `${lastWords}${String(chunk)}`.slice(-2_000)));
  let isOver = false;
  for await (const text of createInterface({ input: supervisor.stdout })) {
    const line: SupervisorLine = JSON.parse(text);
    if ('progress' in line) {
      onProgress?.(line.progress);
      continue;
    }
    if ('failed' in line) failure = line.failed;
    isOver = true;
    break;
  }
  if (!isOver) failure = `the sandbox's supervisor ended without an answer: ${lastWords}`;
  // Held open, these would keep whoever reads this process's output waiting for the supervisor's end.
  supervisor.stderr.destroy();
  supervisor.stdout.destroy();
  supervisor.stdin.destroy();
  supervisor.unref();
  if (failure !== undefined) throw new SandboxError(failure);
  const name = options.name ?? DEFAULT_NAME;
  const sandbox = await connectSandbox(name);
  if (sandbox === undefined) throw new SandboxError(`the sandbox ${name} ended as soon as it was ready`);
  return sandbox;
}
