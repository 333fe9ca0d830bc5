/** Would the code of today have decided as the code of then? Asked of every history, and never written anywhere. */
import type { Client } from '@temporalio/client';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ReplayResult } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { installRuntime } from './connect.ts';
import { createLogger } from './logger.ts';

/** A history and the workflow it is of. */
export interface RecordedHistory {
  readonly workflowId: string;
  readonly history: unknown;
}

export interface ReplayVerdict {
  readonly workflowId: string;
  readonly runId: string;
  /** The decision that differs; absent when all are the same. */
  readonly difference?: string;
}

export interface ReplayOptions {
  readonly bundle: { readonly code: string };
  /** Histories as JSON objects of Temporal's API, as `historyToJSON` and the Temporal CLI write them. */
  readonly histories: AsyncIterable<RecordedHistory> | Iterable<RecordedHistory>;
}

/** Replays histories against the given workflow code. */
export async function* replay({ bundle, histories }: ReplayOptions): AsyncGenerator<ReplayVerdict> {
  // A difference is the answer; the SDK's own line about it says the same at length.
  installRuntime(createLogger('error'));
  const results = Worker.runReplayHistories({ workflowBundle: bundle }, parsed(histories));
  for await (const result of results) yield verdictOf(result);
}

/**
 * The histories of the workflows of a Temporal.
 *
 * @param query which, as a list filter of Temporal.
 */
export async function* historiesOf(
  client: Pick<Client, 'workflow'>,
  query: string,
): AsyncGenerator<RecordedHistory> {
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    yield { workflowId, history: JSON.parse(historyToJSON(history)) };
  }
}

async function* parsed(
  histories: ReplayOptions['histories'],
): AsyncGenerator<{ workflowId: string; history: ReturnType<typeof historyFromJSON> }> {
  for await (const { workflowId, history } of histories)
    yield { workflowId, history: historyFromJSON(history) };
}

function verdictOf({ workflowId, runId, error }: ReplayResult): ReplayVerdict {
  return { workflowId, runId, ...(error ? { difference: error.message } : {}) };
}
