/** Who did what to which object, and whether it was done, by the API server's own log. */
import type { AuditEntry } from '../../sandbox/audit-log.ts';
import { readAuditLog } from '../../sandbox/audit-log.ts';

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

/** Every finished request in a namespace that changed something, from the first to the last. */
export async function* deedsIn(auditLog: string, namespace: string): AsyncIterable<Deed> {
  // Reads are most of the log.
  const isWanted = (line: string): boolean =>
    line.includes(`"${namespace}"`) && !/"verb":"(get|list|watch)"/.test(line);
  for await (const entry of readAuditLog(auditLog, isWanted))
    if (entry.objectRef?.namespace === namespace) yield deedOf(entry);
}

function deedOf({ verb, userAgent = '', objectRef = {}, ...entry }: AuditEntry): Deed {
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
