import { execFile } from 'node:child_process';

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What the program printed. Throws, with what it said on stderr, when it fails. */
export function runProgram(file: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: timeoutMs, ...(signal ? { signal } : {}) }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr.trim().split('\n').at(-1) || error.message, { cause: error }));
    });
  });
}
