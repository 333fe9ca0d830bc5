import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

interface Entry {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
  readonly requestReceivedTimestamp: string;
  readonly requestURI: string;
  readonly objectRef?: { readonly resource?: string };
}

/** Requests of a program, watches aside, by resource, from the API server's own log. */
export async function requestsBy(
  program: string,
  auditLog: string,
  from: number,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    if (!line.includes(`"userAgent":"${program}`) || line.includes('"verb":"watch"')) continue;
    const { stage, requestReceivedTimestamp, objectRef, requestURI }: Entry = JSON.parse(line);
    if (stage !== 'ResponseComplete' || Date.parse(requestReceivedTimestamp) < from) continue;
    const resource = objectRef?.resource ?? requestURI;
    counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  return counts;
}
