import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { News } from '../../../activities/index.ts';
import { RefusedReads } from '../../../activities/index.ts';
import { reportRefusedRead } from '../../../activities/refused-reads.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';

const RESOURCE = {
  group: 'toy.dev',
  version: 'v1',
  kind: 'Toy',
  plural: 'toys',
  namespace: 'other',
  name: 't1',
};

async function reported(error: unknown): Promise<{ logged: unknown[]; news: News[]; counts: object }> {
  const [logged, news, refusedReads] = [[] as unknown[], [] as News[], new RefusedReads()];
  const log = {
    info: () => undefined,
    error: () => undefined,
    warn: (fields: unknown) => void logged.push(fields),
  };
  const events = { record: (_: unknown, each: News) => void news.push(each), flush: () => Promise.resolve() };
  await new MockActivityEnvironment().run(() =>
    Promise.resolve(reportRefusedRead({ log, events, refusedReads }, RESOURCE, error)),
  );
  return { logged, news, counts: Object.fromEntries(refusedReads.counts) };
}

describe('a resource that may not be read', () => {
  it('is named in the log, in a Warning event and in a count of its namespace', async () => {
    const { logged, news, counts } = await reported(
      new StatusError('toys is forbidden', { code: 403, reason: 'Forbidden' }),
    );
    assert.deepEqual(logged, [{ kind: 'Toy', namespace: 'other', name: 't1', error: 'toys is forbidden' }]);
    assert.match(
      news[0]?.note ?? '',
      /^Toy other\/t1 may not be read, and is not reconciled: .*; grant get, list and watch/,
    );
    assert.equal(news[0]?.type, 'Warning');
    assert.deepEqual(counts, { other: 1 });
  });

  it('is not what an outage is', async () => {
    const outage = new StatusError('no answer', { code: 0, reason: 'Unreachable' });
    assert.deepEqual(await reported(outage), { logged: [], news: [], counts: {} });
  });
});
