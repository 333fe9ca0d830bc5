import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnGuarded } from './guarded-process.ts';

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly directory?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Told of each line the program writes. */
  onLine?(line: string): void;
}

const LAST_LINES = 8;

/** Runs a program to its end; it does not outlive this process. Throws, with its last lines, when it fails. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { timeoutMs, signal, directory = '/', env = {}, onLine } = options;
  signal?.throwIfAborted();
  const running = spawnGuarded({ command, args, directory, env, output: 'pipe' });
  const lastLines: string[] = [];
  const follow = (line: string): void => {
    onLine?.(line);
    lastLines.push(line);
    if (lastLines.length > LAST_LINES) lastLines.shift();
  };
  for (const stream of running.streams) createInterface({ input: stream }).on('line', follow);

  const timer = new AbortController();
  const timeout = sleep(timeoutMs, 'timeout', { signal: timer.signal }).catch(() => 'ended');
  const stop = (): void => void running.kill();
  signal?.addEventListener('abort', stop, { once: true });
  const how = await Promise.race([running.ended, timeout]);
  timer.abort();
  signal?.removeEventListener('abort', stop);
  if (how === 'timeout') await running.kill();
  signal?.throwIfAborted();
  if (how === 'exit code 0') return;
  const why = how === 'timeout' ? `not done within ${timeoutMs / 1000} s` : how;
  throw new Error([why, ...lastLines].join('\n'));
}
