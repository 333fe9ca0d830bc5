/**
 * Leader election by a Lease, with the record and the timings of client-go, so that `kubectl get leases` and other tools
 * read it as they read any controller's.
 *
 * **Guarantees**: while the API server answers, one of those who ask leads; a leader that lets go is followed within a retry
 * period, one that died within a lease. **Assumptions**: what a leader does is harmless when two do it: a process that was
 * frozen believes for a moment that it still leads. **Caveats**: a server that refuses the Lease for longer than a lease (a
 * right is missing) lets everybody lead: election saves work, and nobody leading would be an outage.
 */
import type { Log } from '../core/log.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ObjectRef } from '../core/refs.ts';
import type { KubernetesApi, Versioned } from './api.ts';
import { pause } from './backoff.ts';
import { StatusError } from './status-error.ts';

export interface LeaseTimings {
  /** After so long without a renewal the others take the lease. */
  readonly leaseDurationMs: number;
  /** A leader that could not renew for so long stops leading; shorter than the lease. */
  readonly renewDeadlineMs: number;
  /** Between two attempts to take or to renew it. */
  readonly retryPeriodMs: number;
}

/** client-go's. */
export const DEFAULT_LEASE_TIMINGS: LeaseTimings = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

export interface LeaderElectionOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'patch'>;
  readonly namespace: string;
  readonly name: string;
  /** Differs from that of everybody else who asks. */
  readonly identity: string;
  readonly timings: LeaseTimings;
  readonly log: Log;
  readonly onLead: () => void;
  readonly onFollow: () => void;
}

export interface ElectionStatus {
  readonly leads: boolean;
  /** As it was last seen; empty when nobody holds the lease. */
  readonly holder: string;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** Followers that fail together do not come back together. */
const JITTER = 0.2;
const RELEASE_MS = 2_000;

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #ref: Versioned<ObjectRef>;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #leads = false;
  #renewedAt = 0;
  /** The lease as we hold it: to renew it needs no read. */
  #held: Manifest | undefined;
  /** Clocks differ, so a holder is judged by whether its record changes within a time that is ours. */
  #seen = { resourceVersion: '', at: 0, holder: '' };
  #complaint = '';
  /** Since when every answer was a refusal. */
  #refusedSince: number | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    const { namespace, name } = options;
    this.#ref = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', namespace, name };
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  status(): ElectionStatus {
    return { leads: this.#leads, holder: this.#seen.holder };
  }

  /** Lets go of the lease, so that another one takes it at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    if (!this.#leads) return;
    this.#become(false);
    await this.#release();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { retryPeriodMs } = this.#options.timings;
    while (!signal.aborted) {
      await this.#round(signal);
      await pause(retryPeriodMs * (this.#leads ? 1 : 1 + JITTER * Math.random()), signal);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { renewDeadlineMs } = this.#options.timings;
    const began = performance.now();
    const patience = this.#leads ? this.#renewedAt + renewDeadlineMs - began : renewDeadlineMs;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, Math.ceil(patience)))]);
    try {
      const holds = await inTimeOf(inTime, this.#hold(inTime));
      this.#complaint = '';
      this.#refusedSince = undefined;
      if (holds) this.#renewedAt = began;
      this.#become(holds);
    } catch (error) {
      this.#held = undefined;
      if (signal.aborted) return;
      const forGood = this.#isRefusedForGood(error);
      this.#complain(error, forGood);
      if (forGood) this.#renewedAt = performance.now();
      this.#become(forGood || (this.#leads && performance.now() - this.#renewedAt < renewDeadlineMs));
    }
  }

  /** A refusal may pass, as that of a token that is renewed a moment too late does: it counts when it outlasts a lease. */
  #isRefusedForGood(error: unknown): boolean {
    const isRefusal = error instanceof StatusError && !error.isTransient && error.reason !== 'Unauthorized';
    if (!isRefusal) return false;
    this.#refusedSince ??= performance.now();
    return performance.now() - this.#refusedSince >= this.#options.timings.leaseDurationMs;
  }

  /** Takes or renews the lease, where that is ours to do. Answers whether we hold it. */
  async #hold(signal: AbortSignal): Promise<boolean> {
    const { api, namespace, name, identity } = this.#options;
    const held = this.#held;
    if (held && (await this.#write(held, signal))) return true;
    const live = await api.get(this.#ref, { signal });
    if (live) return this.#isFree(live) ? this.#write(live, signal) : false;
    const manifest = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } };
    try {
      this.#see(await api.create({ ...manifest, spec: this.#specAfter({}) }, { signal }), identity);
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'AlreadyExists') return false;
      throw error;
    }
  }

  #isFree(live: Manifest): boolean {
    const { identity, timings } = this.#options;
    const { holderIdentity = '', leaseDurationSeconds } = specOf(live);
    const now = performance.now();
    const { resourceVersion = '' } = live.metadata;
    if (resourceVersion !== this.#seen.resourceVersion)
      this.#seen = { resourceVersion, at: now, holder: holderIdentity };
    if (holderIdentity === '' || holderIdentity === identity) return true;
    const promised = leaseDurationSeconds ? leaseDurationSeconds * 1000 : timings.leaseDurationMs;
    return now - this.#seen.at >= promised;
  }

  /** Unless somebody was faster. */
  async #write(live: Manifest, signal: AbortSignal): Promise<boolean> {
    const written = await this.#replace(live, this.#specAfter(specOf(live)), signal);
    if (written) this.#see(written, this.#options.identity);
    else this.#held = undefined;
    return written !== undefined;
  }

  async #replace(live: Manifest, spec: LeaseSpec, signal: AbortSignal): Promise<Manifest | undefined> {
    try {
      return await this.#options.api.patch(
        this.#ref,
        [
          { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
          { op: 'add', path: '/spec', value: spec },
        ],
        { signal },
      );
    } catch (error) {
      const isLate = error instanceof StatusError && [404, 409, 422].includes(error.code);
      if (isLate) return undefined;
      throw error;
    }
  }

  #see(held: Manifest, holder: string): void {
    this.#held = held;
    this.#seen = {
      resourceVersion: held.metadata.resourceVersion ?? '',
      at: performance.now(),
      holder,
    };
  }

  #specAfter({ holderIdentity, acquireTime, leaseTransitions }: LeaseSpec): LeaseSpec {
    const { identity, timings } = this.#options;
    const stays = holderIdentity === identity;
    const now = microTime(Date.now());
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(timings.leaseDurationMs / 1000)),
      acquireTime: stays && acquireTime ? acquireTime : now,
      renewTime: now,
      leaseTransitions: (leaseTransitions ?? -1) + (stays && leaseTransitions !== undefined ? 0 : 1),
    };
  }

  async #release(): Promise<void> {
    const { api, identity, log } = this.#options;
    const signal = AbortSignal.timeout(RELEASE_MS);
    try {
      const live = await api.get(this.#ref, { signal });
      if (!live || specOf(live).holderIdentity !== identity) return;
      const { leaseTransitions } = specOf(live);
      const now = microTime(Date.now());
      const free = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
      await this.#replace(
        live,
        { ...free, ...(leaseTransitions === undefined ? {} : { leaseTransitions }) },
        signal,
      );
    } catch (error) {
      log.warn(
        { ...this.#names, error: String(error) },
        'the lease could not be released; it is free when it expires',
      );
    }
  }

  #become(leads: boolean): void {
    if (this.#leads === leads) return;
    this.#leads = leads;
    const { log, onLead, onFollow } = this.#options;
    if (leads) {
      log.info(this.#names, 'leads');
      onLead();
    } else {
      log.info(this.#names, 'leads no more');
      onFollow();
    }
  }

  #complain(error: unknown, forGood: boolean): void {
    const why = error instanceof Error ? error.message : String(error);
    if (this.#complaint === why) return;
    this.#complaint = why;
    const then = forGood
      ? 'the lease is refused, so this process leads without it, as others may: grant get, create and patch on leases of coordination.k8s.io'
      : 'the lease could not be read or renewed; trying again';
    this.#options.log.warn({ ...this.#names, error: why }, then);
  }

  get #names(): Readonly<Record<string, string>> {
    const { namespace, name, identity } = this.#options;
    return { lease: `${namespace}/${name}`, identity };
  }
}

/** Whoever is asked for credentials may not answer, and knows of no signal. @throws Error when the time is up before the work is done. */
async function inTimeOf<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const end = (): void => late.reject(new Error('no answer in time'));
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener('abort', end);
    // What comes too late is the business of the next round.
    work.catch(() => undefined);
  }
}

function specOf(lease: Manifest): LeaseSpec {
  return lease['spec'] ?? {};
}

/** RFC 3339 in microseconds, as a Lease has it. */
function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}
