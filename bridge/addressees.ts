import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { ResourceRef } from '../core/refs.ts';
import { titleOfResource, workflowIdOf } from '../core/refs.ts';
import type { Hint } from '../core/hint.ts';
import type { ReconcileInput } from '../workflows/messages.ts';
import {
  MEMO,
  objectsChanged,
  resourceChanged,
  rolloutStatus,
  SEARCH_ATTRIBUTES,
} from '../workflows/messages.ts';
import type { Addressee } from './signaller.ts';

export interface AddresseesOptions {
  readonly client: Client;
  readonly taskQueue: string;
  readonly searchAttributes: boolean;
}

export interface RunningWorkflow {
  readonly workflowId: string;
  /** When it last looked at all that the resource has, or was started; in epoch milliseconds. */
  readonly comparedAt: number;
  /** It was started before the Temporal namespace had the search attributes that it has now. */
  readonly isUnindexed: boolean;
}

/** A call that got no answer for this long is made again. */
const DEADLINE_MS = 5_000;
/** A page of a list may take longer. */
const LIST_DEADLINE_MS = 30_000;
/** What cannot be asked after is taken to be taken up after this time. */
const UNKNOWN_MS = 1_000;
const KEY = (name: string): ReturnType<typeof defineSearchAttributeKey<'KEYWORD'>> =>
  defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** The workflows of one operator, as those to whom hints are sent. */
export class Addressees {
  readonly #options: AddresseesOptions;

  constructor(options: AddresseesOptions) {
    this.#options = options;
  }

  /** The workflow of a resource that exists: it is started when it does not run. */
  living(resource: ResourceRef): Addressee {
    const workflowId = workflowIdOf(resource);
    const { client, taskQueue, searchAttributes } = this.#options;
    const input: ReconcileInput = { resource, searchAttributes };
    const options = {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      staticSummary: titleOfResource(resource),
      // Its activities inherit it. A server on which fairness is off takes it and does nothing with it.
      ...(resource.namespace === undefined ? {} : { priority: { fairnessKey: resource.namespace } }),
      ...(searchAttributes ? { typedSearchAttributes: attributesOf(resource) } : {}),
    };
    return {
      workflowId,
      deliver: (hint) =>
        client.withDeadline(Date.now() + DEADLINE_MS, async () => {
          await client.workflow.signalWithStart('reconcile', {
            ...options,
            signal: signalOf(hint),
            signalArgs: [searchAttributes ? { ...hint, searchAttributes } : hint],
          });
        }),
      takenUp: () => this.#takenUp(workflowId),
    };
  }

  /** The workflow of a resource that is gone: told when it runs, and never started. */
  remaining(workflowId: string): Addressee {
    const { client } = this.#options;
    return {
      workflowId,
      deliver: (hint) =>
        client.withDeadline(Date.now() + DEADLINE_MS, async () => {
          await signalRunning(client.workflow.getHandle(workflowId), hint);
        }),
      takenUp: () => this.#takenUp(workflowId),
    };
  }

  /** A query stands in line behind what was signalled, and leaves no trace in the history. */
  async #takenUp(workflowId: string): Promise<void> {
    const { client } = this.#options;
    try {
      await client.withDeadline(Date.now() + DEADLINE_MS, () =>
        client.workflow.getHandle(workflowId).query(rolloutStatus),
      );
    } catch {
      // Nobody is there to take it up, or it is gone: the signal is kept, and only its pace is at stake.
      await sleep(UNKNOWN_MS, undefined, { ref: false });
    }
  }

  /** The workflows of this operator that run. */
  async *running(): AsyncIterable<RunningWorkflow> {
    const { client, searchAttributes } = this.#options;
    const pages = client.workflow.list({ query: this.#query })[Symbol.asyncIterator]();
    for (;;) {
      const next = await client.withDeadline(Date.now() + LIST_DEADLINE_MS, () => pages.next());
      if (next.done) return;
      const { workflowId, memo, startTime, typedSearchAttributes } = next.value;
      const comparedAt = memo?.[MEMO.comparedAt];
      yield {
        workflowId,
        comparedAt: typeof comparedAt === 'number' ? comparedAt : startTime.getTime(),
        isUnindexed: searchAttributes && !typedSearchAttributes.get(KEY(SEARCH_ATTRIBUTES.kind)),
      };
    }
  }

  async countRunning(): Promise<number> {
    const { client } = this.#options;
    const count = await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow.count(this.#query),
    );
    return count.count;
  }

  get #query(): string {
    return `WorkflowType="reconcile" AND ExecutionStatus="Running" AND TaskQueue="${this.#options.taskQueue}"`;
  }
}

async function signalRunning(handle: WorkflowHandle, hint: Hint): Promise<void> {
  try {
    await handle.signal(signalOf(hint), hint);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError) && !(isGrpcServiceError(error) && error.code === NOT_FOUND))
      throw error;
  }
}

/** `NOT_FOUND` of gRPC. */
const NOT_FOUND = 5;

function signalOf({ resource, resync }: Hint): typeof resourceChanged {
  return resource || resync ? resourceChanged : objectsChanged;
}

function attributesOf({ kind, namespace }: ResourceRef): SearchAttributePair[] {
  return [
    { key: KEY(SEARCH_ATTRIBUTES.kind), value: kind },
    ...(namespace === undefined ? [] : [{ key: KEY(SEARCH_ATTRIBUTES.namespace), value: namespace }]),
    { key: KEY(SEARCH_ATTRIBUTES.ready), value: 'Unknown' },
    { key: KEY(SEARCH_ATTRIBUTES.stage), value: '-' },
  ];
}
