/** What the API server itself wrote down of every request: who did what to which object, and whether it was done. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Deed {
  /** When the server got it, in milliseconds since 1970. */
  readonly at: number;
  readonly verb: string;
  /** The program that asked, without its version. */
  readonly by: string;
  /** As in a path: `statefulsets`. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  /** The server was only asked whether it would. */
  readonly isTrial: boolean;
  /** Of the object that was answered, where the server logs answers. */
  readonly resourceVersion?: string;
}

interface Entry {
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
  readonly responseObject?: { readonly metadata?: { readonly resourceVersion?: string } };
}

/** Every finished request in a namespace that changed something, from the first to the last. */
export async function* deedsIn(auditLog: string, namespace: string): AsyncIterable<Deed> {
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    // Reads are most of the log, and need no parsing.
    if (!line.includes(`"${namespace}"`) || /"verb":"(get|list|watch)"/.test(line)) continue;
    const entry: Entry = JSON.parse(line);
    if (entry.stage === 'ResponseComplete' && entry.objectRef?.namespace === namespace) yield deedOf(entry);
  }
}

function deedOf({ verb, userAgent = '', objectRef = {}, ...entry }: Entry): Deed {
  const { resource = '', subresource = '', namespace = '', name = '' } = objectRef;
  const resourceVersion = entry.responseObject?.metadata?.resourceVersion;
  return {
    at: Date.parse(entry.requestReceivedTimestamp),
    verb,
    by: userAgent.split('/', 1)[0] ?? '',
    resource,
    subresource,
    namespace,
    name,
    code: entry.responseStatus?.code ?? 0,
    isTrial: entry.requestURI.includes('dryRun='),
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}
