import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is there, and fails with what was waited for. */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined | false> | Value | undefined | false,
  withinMs: number = 20_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`within ${withinMs} ms there was no ${what}`);
    await sleep(20);
  }
}
