/** What the API server itself wrote down of every request: who asked for what, and what was answered. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** A finished request, as the API server logs it. */
export interface AuditEntry {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
  readonly requestReceivedTimestamp: string;
  readonly requestURI: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  /** Where the server logs answers. */
  readonly responseObject?: { readonly metadata?: { readonly resourceVersion?: string } };
}

/**
 * Finished requests, from the first to the last.
 *
 * @param isWanted sorts out lines before they are parsed, which takes far longer than to read them.
 */
export async function* readAuditLog(
  file: string,
  isWanted: (line: string) => boolean,
): AsyncIterable<AuditEntry> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (!isWanted(line)) continue;
    const entry: AuditEntry = JSON.parse(line);
    if (entry.stage === 'ResponseComplete') yield entry;
  }
}
