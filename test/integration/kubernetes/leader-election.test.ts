import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { KubernetesApi } from '../../../kubernetes/api.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import type { LeaseTimings } from '../../../kubernetes/leader-election.ts';
import { DEFAULT_LEASE_TIMINGS, LeaderElection } from '../../../kubernetes/leader-election.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import { eventually } from '../../../testing/eventually.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';
import { setWallClock } from '../../support/wall-clock.ts';

/** A second is the shortest that a Lease can say; a loaded machine still renews within it. */
const QUICK: LeaseTimings = { leaseDurationMs: 4_000, renewDeadlineMs: 2_500, retryPeriodMs: 200 };
const LEASE = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' };

describe('leader election', () => {
  let api: KubernetesClient;
  let namespace: string;
  before(async () => {
    const sandbox = await sharedSandbox();
    api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    namespace = await freshNamespace(sandbox, 'lease');
  });
  afterEach(() => setWallClock(0));
  after(() => api.close());

  /** Asks for the lease, by an API that may fail; `journal` records who began and who ceased to lead. */
  function candidate(
    name: string,
    identity: string,
    {
      timings = QUICK,
      by = api,
      journal = [],
    }: {
      timings?: LeaseTimings;
      by?: Pick<KubernetesApi, 'get' | 'create' | 'patch'>;
      journal?: string[];
    } = {},
  ): LeaderElection {
    const election = new LeaderElection({
      api: by,
      namespace,
      name,
      identity,
      timings,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      onLead: () => journal.push(`${identity} leads`),
      onFollow: () => journal.push(`${identity} follows`),
    });
    election.start();
    return election;
  }

  async function spec(name: string): Promise<Readonly<Record<string, unknown>>> {
    const lease = await api.get({ ...LEASE, namespace, name });
    return (lease?.['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  }

  it('makes one of all who ask the leader, whom everybody knows', async () => {
    const all = ['a', 'b', 'c'].map((identity) => candidate('one', identity));
    await eventually('all know the holder', () => all.every((each) => each.status().holder !== ''));
    const leaders = all.filter((each) => each.status().leads);
    assert.equal(leaders.length, 1);
    const { holderIdentity, leaseDurationSeconds, leaseTransitions } = await spec('one');
    assert.ok(all.every((each) => each.status().holder === holderIdentity));
    assert.deepEqual(
      { leaseDurationSeconds, leaseTransitions },
      { leaseDurationSeconds: 4, leaseTransitions: 0 },
    );
    await Promise.all(all.map((each) => each.stop()));
  });

  it('stays with its leader when the wall clock jumps, forth and back', async () => {
    const journal: string[] = [];
    const first = candidate('jumped', 'first', { journal });
    await eventually('leader', () => first.status().leads);
    const second = candidate('jumped', 'second', { journal });
    for (const days of [10, -10, 0]) {
      setWallClock(days * 86_400_000);
      const seen = new Set<unknown>();
      await eventually('a few renewals', async () => seen.add((await spec('jumped'))['renewTime']).size > 4);
    }
    assert.deepEqual(journal, ['first leads']);
    assert.equal((await spec('jumped'))['leaseTransitions'], 0);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('hands over within three seconds, at the timings of client-go, when the leader lets go', async () => {
    const first = candidate('released', 'first', { timings: DEFAULT_LEASE_TIMINGS });
    await eventually('the first leads', () => first.status().leads);
    const second = candidate('released', 'second', { timings: DEFAULT_LEASE_TIMINGS });
    await eventually('the second follows', () => second.status().holder === 'first');
    const began = performance.now();
    await first.stop();
    await eventually('the second leads', () => second.status().leads);
    const tookMs = performance.now() - began;
    assert.ok(tookMs < 3_000, `it took ${tookMs} ms`);
    assert.equal((await spec('released'))['leaseTransitions'], 1);
    await second.stop();
    assert.equal((await spec('released'))['holderIdentity'], '');
  });

  it('takes the lease of one who cannot renew it, who has ceased to lead before', async () => {
    const journal: string[] = [];
    let cut = false;
    const torn =
      <Args extends unknown[], Value>(call: (...args: Args) => Promise<Value>) =>
      (...args: Args): Promise<Value> =>
        cut ? Promise.reject(new StatusError('cut off', { code: 0, reason: 'Unreachable' })) : call(...args);
    const by: Pick<KubernetesApi, 'get' | 'create' | 'patch'> = {
      get: torn((...args) => api.get(...args)),
      create: torn((...args) => api.create(...args)),
      patch: torn((...args) => api.patch(...args)),
    };
    const first = candidate('torn', 'first', { by, journal });
    await eventually('the first leads', () => first.status().leads);
    const second = candidate('torn', 'second', { journal });
    await eventually('the second follows', () => second.status().holder === 'first');
    cut = true;
    await eventually('the second leads', () => second.status().leads);
    assert.deepEqual(journal, ['first leads', 'first follows', 'second leads']);
    cut = false;
    await eventually('the first knows the second', () => first.status().holder === 'second');
    assert.equal(first.status().leads, false);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('renews without moving the time of its acquisition', async () => {
    const election = candidate('renewed', 'only');
    await eventually('it leads', () => election.status().leads);
    const { acquireTime, renewTime } = await spec('renewed');
    const later = await eventually('it is renewed', async () => {
      const now = await spec('renewed');
      return now['renewTime'] !== renewTime && now;
    });
    assert.equal(later['acquireTime'], acquireTime);
    assert.equal(later['leaseTransitions'], 0);
    await election.stop();
  });

  it('is led by everybody when the server refuses the lease for good: nobody leading would be an outage', async () => {
    const refuse = (): Promise<never> =>
      Promise.reject(new StatusError('leases is forbidden', { code: 403, reason: 'Forbidden' }));
    const by = { get: refuse, create: refuse, patch: refuse };
    const both = ['x', 'y'].map((identity) => candidate('refused', identity, { by }));
    await eventually('both lead', () => both.every((each) => each.status().leads));
    await Promise.all(both.map((each) => each.stop()));
  });

  it('is not led by a follower whose credentials are refused, or whose right is missing for a moment', async () => {
    const leader = candidate('passing', 'leader');
    await eventually('it leads', () => leader.status().leads);
    const journal: string[] = [];
    let refusals = 0;
    const refuse = (): Promise<never> => {
      refusals++;
      const [code, reason] =
        refusals % 2 === 0 ? ([401, 'Unauthorized'] as const) : ([403, 'Forbidden'] as const);
      return Promise.reject(new StatusError('refused for a moment', { code, reason }));
    };
    const by = {
      get: (...args: Parameters<typeof api.get>) => (refusals < 3 ? refuse() : api.get(...args)),
      create: (...args: Parameters<typeof api.create>) => api.create(...args),
      patch: (...args: Parameters<typeof api.patch>) => api.patch(...args),
    };
    const follower = candidate('passing', 'follower', { by, journal });
    await eventually('it sees who leads', () => follower.status().holder === 'leader');
    assert.deepEqual([refusals, journal], [3, []]);
    await Promise.all([leader.stop(), follower.stop()]);
  });

  it('is led by nobody past the deadline whose credentials never come', async () => {
    const journal: string[] = [];
    let hangs = false;
    const answer = <Result>(work: () => Promise<Result>): Promise<Result> =>
      hangs ? new Promise(() => undefined) : work();
    const by = {
      get: (...args: Parameters<typeof api.get>) => answer(() => api.get(...args)),
      create: (...args: Parameters<typeof api.create>) => answer(() => api.create(...args)),
      patch: (...args: Parameters<typeof api.patch>) => answer(() => api.patch(...args)),
    };
    const election = candidate('hangs', 'stuck', { by, journal });
    await eventually('it leads', () => election.status().leads);
    hangs = true;
    await eventually('it follows', () => !election.status().leads);
    const other = candidate('hangs', 'other', { journal });
    await eventually('the other leads', () => other.status().leads);
    assert.deepEqual(journal, ['stuck leads', 'stuck follows', 'other leads']);
    hangs = false;
    await Promise.all([election.stop(), other.stop()]);
  });
});
