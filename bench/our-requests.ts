import { readAuditLog } from '../sandbox/audit-log.ts';

/** Requests of a program, watches aside, by resource, from the API server's own log. */
export async function requestsBy(
  program: string,
  auditLog: string,
  from: number,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const isWanted = (line: string): boolean =>
    line.includes(`"userAgent":"${program}`) && !line.includes('"verb":"watch"');
  for await (const { requestReceivedTimestamp, objectRef, requestURI } of readAuditLog(auditLog, isWanted)) {
    if (Date.parse(requestReceivedTimestamp) < from) continue;
    const resource = objectRef?.resource ?? requestURI;
    counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  return counts;
}
