import { Context } from '@temporalio/activity';

const HEARTBEAT_MS = 5_000;

/** A worker that dies in the middle is noticed within the heartbeat timeout, and the work is done again elsewhere. */
export async function heartbeating<Result>(work: () => Promise<Result>): Promise<Result> {
  const { heartbeat } = Context.current();
  const beat = setInterval(() => heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
