import { Client, Connection, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { workflowIdOf } from '../core/refs.ts';
import type { Carried } from '../workflows/reconcile.ts';
import type { Fleet } from './fleet.ts';
import { inParallel } from './in-parallel.ts';
import type { StateSize } from './measurement.ts';

/** What must be in no history: a secret, an author's text, and words that only manifests have. */
const PLANTED = [
  'planted-password-7c1e9',
  'planted-setting-2b8f4',
  'containerPort',
  'volumeClaimTemplates',
  'readinessProbe',
];
const READERS = 16;
/** gRPC's own number: a history is asked for by an API that wraps nothing. */
const NOT_FOUND = 5;

/** What Temporal Cloud counts: a start, a signal, an activity, a timer, a marker of local activities, search attributes. */
const ACTIONS: readonly string[] = [
  'workflowExecutionStartedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'activityTaskScheduledEventAttributes',
  'timerStartedEventAttributes',
  'markerRecordedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
];

/** The workflows of a fleet, as Temporal remembers them. */
export class WorkflowHistories implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #ids: readonly string[];

  private constructor(connection: Connection, ids: readonly string[]) {
    this.#connection = connection;
    this.#client = new Client({ connection });
    this.#ids = ids;
  }

  static async open(address: string, fleet: Fleet): Promise<WorkflowHistories> {
    const ids = fleet.names.map((name) => workflowIdOf(fleet.refOf(name)));
    return new WorkflowHistories(await Connection.connect({ address }), ids);
  }

  /** Events of each workflow's current run. */
  async lengths(): Promise<number[]> {
    const lengths: number[] = [];
    await this.#each(async (handle) => {
      lengths.push((await handle.describe()).historyLength);
    });
    return lengths;
  }

  async total(): Promise<number> {
    return (await this.lengths()).reduce((sum, length) => sum + length, 0);
  }

  /** Billable ones, retries aside, of each workflow's current run. */
  async actions(): Promise<number> {
    let actions = 0;
    await this.#each(async (handle) => {
      const { events } = await handle.fetchHistory();
      for (const event of events ?? []) if (ACTIONS.some((name) => Object(event)[name])) actions++;
    });
    return actions;
  }

  async longest(): Promise<number> {
    return Math.max(...(await this.lengths()));
  }

  /** The planted words that are somewhere in the histories. */
  async leaks(): Promise<string[]> {
    const found = new Set<string>();
    await this.#each(async (handle) => {
      const text = textOf(await handle.fetchHistory());
      for (const word of PLANTED) if (text.includes(word)) found.add(word);
    });
    return [...found];
  }

  /** The run of the first workflow, and what was handed to it by the run before. */
  async firstRun(): Promise<{ runId: string; carried?: StateSize }> {
    const handle = this.#client.workflow.getHandle(this.#ids[0] ?? '');
    const { runId } = await handle.describe();
    const { events = [] } = await handle.fetchHistory();
    const [, payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    if (!payload?.data) return { runId };
    return { runId, carried: sizeOf(JSON.parse(Buffer.from(payload.data).toString()) as Carried) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }

  /** One that has not begun yet has no history. */
  #each(work: (handle: WorkflowHandle) => Promise<void>): Promise<void> {
    return inParallel(this.#ids, READERS, async (id) => {
      await work(this.#client.workflow.getHandle(id)).catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError) && Object(error).code !== NOT_FOUND) throw error;
      });
    });
  }
}

function sizeOf({ state }: Carried): StateSize {
  const objects = Object.keys(state.inventory).length;
  return {
    objects,
    bytes: bytesOf(state),
    bytesPerObject: Math.round(bytesOf(state.inventory) / objects),
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Everything that is text in a history, payloads decoded. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(textOf).join('\n');
}
