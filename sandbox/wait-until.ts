import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardedProcess } from './guarded-process.ts';
import { logTail } from './guarded-process.ts';
import { SandboxError } from './sandbox-error.ts';

export interface WaitOptions {
  /** What is waited for, as in `<process> did not become <state>`. */
  readonly state: string;
  readonly process: GuardedProcess;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const POLL_MS = 40;

/** Asks until the answer is not undefined. Ends early, with the process's last words, when the process ends. */
export async function waitUntil<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const { process: component, state, timeoutMs, signal } = options;
  const deadline = performance.now() + timeoutMs;
  const life: { end?: string } = {};
  void component.ended.then((end) => (life.end = end));
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    signal.throwIfAborted();
    if (life.end !== undefined) throw ended(component, life.end);
    if (performance.now() > deadline) {
      throw new SandboxError(
        `${component.name} did not become ${state} within ${timeoutMs / 1000} s; its last lines (${component.logFile}):\n${logTail(component.logFile)}`,
      );
    }
    await sleep(POLL_MS);
  }
}

export function ended(component: GuardedProcess, how: string): SandboxError {
  return new SandboxError(
    `${component.name} ended by itself (${how}); its last lines (${component.logFile}):\n${logTail(component.logFile)}`,
  );
}
