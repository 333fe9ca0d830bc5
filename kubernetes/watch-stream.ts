import type { KindRef } from '../core/refs.ts';
import type { Versioned, WatchableApi, WatchOptions } from './api.ts';
import { LineSplitter } from './lines.ts';
import { StatusError } from './status-error.ts';

/** The server is asked to end a watch after a time in this range (client-go's is 5 to 10 minutes). */
const WATCH_SECONDS = { least: 240, most: 480 };
/** A stream that ends sooner, again and again, is a failure whatever its manners. */
const SHORTEST_MS = 1_000;

export interface WatchStreamOptions extends Omit<WatchOptions, 'timeoutSeconds' | 'signal'> {
  readonly kind: Versioned<KindRef>;
  readonly signal: AbortSignal;
  /** A stream in which nothing is heard for so long is given up. */
  readonly silenceMs: number;
  readonly onOpen: () => void;
  readonly onLine: (line: string) => void;
}

/**
 * Reads one watch to its end. It returns when the server ended it in time.
 *
 * @throws StatusError when the server refused it, fell silent, or ended it at once; and what `onLine` throws.
 */
export async function readWatch(
  api: Pick<WatchableApi, 'watch'>,
  { kind, signal, silenceMs, onOpen, onLine, ...options }: WatchStreamOptions,
): Promise<void> {
  const { least, most } = WATCH_SECONDS;
  const timeoutSeconds = Math.round(least + Math.random() * (most - least));
  const abort = new AbortController();
  const end = (): void => abort.abort();
  signal.addEventListener('abort', end, { once: true });
  const dead = setTimeout(() => abort.abort(silent(silenceMs)), silenceMs);
  dead.unref();
  try {
    const began = performance.now();
    const stream = await api.watch(kind, { ...options, timeoutSeconds, signal: abort.signal });
    onOpen();
    const lines = new LineSplitter();
    for await (const chunk of stream) {
      dead.refresh();
      lines.push(chunk, onLine);
    }
    if (performance.now() - began < SHORTEST_MS)
      throw new StatusError('the watch ended at once', { code: 0, reason: 'Unreachable' });
  } catch (error) {
    throw abort.signal.aborted && abort.signal.reason instanceof StatusError ? abort.signal.reason : error;
  } finally {
    clearTimeout(dead);
    signal.removeEventListener('abort', end);
    // Leaving in the middle (a refusal in the stream) must not leave its connection behind.
    abort.abort();
  }
}

function silent(silenceMs: number): StatusError {
  return new StatusError(`nothing was heard for ${silenceMs / 1000} s`, { code: 0, reason: 'Unreachable' });
}
