import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectSandbox, startDetachedSandbox } from '../sandbox/index.ts';
import type { Progress, Sandbox } from '../sandbox/index.ts';
import { withLock } from '../sandbox/lock.ts';
import { runtimeDirectory } from '../sandbox/places.ts';

/** How long the shared sandbox stays when nobody uses it, so that the next test file finds it. */
const IDLE_MS = 30_000;

let shared: Promise<Sandbox> | undefined;

/**
 * One sandbox for all test files of a run: the first to ask starts it, others have it in milliseconds, and it ends when nobody
 * has used it for half a minute. Do not stop it; what a test makes in it lies in a namespace of its own.
 */
export function sharedSandbox(): Promise<Sandbox> {
  shared ??= connectOrStart(`shared-${digestOfSources()}`);
  return shared;
}

async function connectOrStart(name: string): Promise<Sandbox> {
  const running = await connectSandbox(name);
  if (running !== undefined) return running;
  return withLock(path.join(runtimeDirectory(), `${name}.start.lock`), async () => {
    const started = await connectSandbox(name);
    const onProgress = ({ component, message }: Progress): void => {
      process.stderr.write(`sandbox: ${component}: ${message}\n`);
    };
    return started ?? startDetachedSandbox({ name, idleMs: IDLE_MS, onProgress });
  });
}

/** Two versions of the sandbox never share one. */
function digestOfSources(): string {
  const directory = fileURLToPath(new URL('../sandbox/', import.meta.url));
  const hash = createHash('sha256');
  for (const file of readdirSync(directory).filter((name) => /\.(ts|js)$/.test(name)))
    hash.update(readFileSync(path.join(directory, file)));
  return hash.digest('hex').slice(0, 10);
}
