/** What the API server itself wrote down of every request: who did what to which object, and whether it was done. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Deed {
  readonly verb: string;
  /** The program that asked, without its version. */
  readonly by: string;
  /** As in a path: `statefulsets`. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
}

interface Entry {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** Every finished request in a namespace that changed something, from the first to the last. */
export async function* deedsIn(auditLog: string, namespace: string): AsyncIterable<Deed> {
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    // Reads are most of the log, and need no parsing.
    if (!line.includes(`"${namespace}"`) || /"verb":"(get|list|watch)"/.test(line)) continue;
    const { stage, verb, userAgent = '', objectRef = {}, responseStatus }: Entry = JSON.parse(line);
    const { resource = '', subresource = '', name = '' } = objectRef;
    if (stage !== 'ResponseComplete' || objectRef.namespace !== namespace) continue;
    const by = userAgent.split('/', 1)[0] ?? '';
    yield { verb, by, resource, subresource, namespace, name, code: responseStatus?.code ?? 0 };
  }
}
