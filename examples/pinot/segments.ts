/** Segments of a table are loaded with the configuration of their time; after a change Pinot must be told to load them anew. */
import type { ExternalContext } from 'durable-operator';
import { ask, askFor, Refusal } from './controller.ts';
import type { InCluster } from './controller.ts';
import type { Json } from './json.ts';

/** How the segments of a table stand to its configuration. */
export interface Loading {
  /** They were loaded with another one, and nobody is loading them. */
  readonly isDue?: true;
  /** They are being loaded. */
  readonly progress?: string;
}

/** Servers may ask for a reload that does not satisfy them; they are not to be kept busy with it. */
const RELOAD_AGAIN_MS = 3_600_000;

/** Read from Pinot alone, so that a reload that was asked for and never heard of again is found, and made once. */
export async function loadingOf(context: ExternalContext<InCluster>, table: string): Promise<Loading> {
  const check = await askFor(context, `GET /segments/${encodeURIComponent(table)}/needReload`);
  if (check?.['needReload'] !== true) return {};
  const job = await newestReload(context, table);
  if (!job) return { isDue: true };
  const status = await askFor(context, `GET /segments/segmentReloadStatus/${encodeURIComponent(job.id)}`);
  const [total, loaded, failed] = ['totalSegmentCount', 'successCount', 'failureCount'].map((count) =>
    Number(status?.[count] ?? 0),
  ) as [number, number, number];
  if (loaded + failed < total)
    return { progress: `its segments are being loaded anew: ${loaded} of ${total}` };
  return Date.now() - job.submittedAt < RELOAD_AGAIN_MS ? {} : { isDue: true };
}

export async function reloadSegments(context: ExternalContext<InCluster>, table: string): Promise<void> {
  try {
    await ask(context, `POST /segments/${encodeURIComponent(table)}/reload`);
  } catch (error) {
    // A table without segments has none to load.
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
  }
}

async function newestReload(
  context: ExternalContext<InCluster>,
  table: string,
): Promise<{ readonly id: string; readonly submittedAt: number } | undefined> {
  const jobs = await askFor(context, `GET /table/${encodeURIComponent(table)}/jobs?jobTypes=RELOAD_SEGMENT`);
  const reloads = Object.entries(jobs ?? {}).map(([id, job]) => ({
    id,
    submittedAt: Number((job as Json)['submissionTimeMs'] ?? 0),
  }));
  return reloads.sort((a, b) => b.submittedAt - a.submittedAt)[0];
}
