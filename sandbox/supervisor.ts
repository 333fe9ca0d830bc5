/** Run as a program: owns one sandbox on behalf of whoever asked for it, and is nobody's child once it is ready. */
import { reportTo } from './supervisor-output.ts';
import { startSandbox } from './sandbox.ts';
import type { SupervisorOptions } from './detached.ts';

const [argument = '{}'] = process.argv.slice(2);
const { idleMs, ...options }: SupervisorOptions = JSON.parse(argument);
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => abort.abort());

process.stderr.on('error', () => {
  // Whoever asked for the sandbox has stopped reading; its components log to files.
});
const output = reportTo(process.stdout);
// Whoever asked is gone before it was ready: nobody would ever use it.
process.stdin.once('close', () => output.isOpen() && abort.abort()).resume();

try {
  const sandbox = await startSandbox({
    ...options,
    signal: abort.signal,
    onProgress: (progress) => output.say({ progress }),
  });
  if (idleMs !== undefined) stopWhenIdle(idleMs);
  output.close({ ready: true });
  await sandbox.ended.catch(sandbox.stop);

  function stopWhenIdle(afterMs: number): void {
    let timer: NodeJS.Timeout | undefined;
    sandbox.onUsers((count) => {
      clearTimeout(timer);
      timer = count === 0 ? setTimeout(() => void sandbox.stop(), afterMs) : undefined;
    });
  }
} catch (error) {
  output.close({ failed: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
