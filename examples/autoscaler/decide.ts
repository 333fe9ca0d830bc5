/** How many replicas a value asks for. Pure: the same sight gives the same decision. */
import ms from 'ms';
import type { Decision, EntrySpec } from './autoscaler.ts';

/** As an HPA: what is this near to the threshold is left alone. */
export const TOLERANCE = 0.1;

export interface Sight {
  readonly value: number;
  /** That the workload has, or is about to have. */
  readonly replicas: number;
  /** RFC 3339. */
  readonly coolDownUntil?: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Verdict {
  readonly decision: Extract<Decision, 'Kept' | 'ScaledUp' | 'ScaledDown' | 'CoolingDown' | 'Hibernated'>;
  readonly replicas: number;
  readonly why: string;
}

export function decide(spec: EntrySpec, { value, replicas, coolDownUntil, now }: Sight): Verdict {
  if (replicas === 0)
    return {
      decision: 'Hibernated',
      replicas,
      why: 'somebody set 0 replicas; it is left alone until it has some',
    };
  const bounded = within(spec, replicas);
  if (bounded !== replicas) return scaled(replicas, bounded, `${replicas} is not within ${bounds(spec)}`);
  const wanted = within(spec, asked(spec, value, replicas));
  if (wanted === replicas) return { decision: 'Kept', replicas, why: whyKept(spec, value, replicas) };
  const side = wanted > replicas ? 'above' : 'below';
  const why = `${short(value)} is ${side} the threshold ${spec.threshold}`;
  if (coolDownUntil && now < Date.parse(coolDownUntil))
    return {
      decision: 'CoolingDown',
      replicas,
      why: `${why}; it stays at ${replicas} until ${coolDownUntil}`,
    };
  return scaled(replicas, wanted, why);
}

/** In milliseconds; NaN for what is no duration. */
export function coolDownOf({ coolDown }: EntrySpec): number {
  return typeof coolDown === 'number' ? coolDown * 1_000 : (ms(coolDown as ms.StringValue) ?? Number.NaN);
}

/** Three digits: a status is not written for less. */
export function short(value: number): number {
  return Number(value.toPrecision(3));
}

function asked({ threshold }: EntrySpec, value: number, replicas: number): number {
  // Fractions are not exact in a computer, and must not cost a replica.
  if (Math.abs(value - threshold) <= TOLERANCE * threshold + 1e-9) return replicas;
  return Math.ceil((replicas * value) / threshold - 1e-9);
}

function within({ minReplica, maxReplica }: EntrySpec, replicas: number): number {
  return Math.min(Math.max(replicas, minReplica), maxReplica);
}

function bounds({ minReplica, maxReplica }: EntrySpec): string {
  return `minReplica ${minReplica} and maxReplica ${maxReplica}`;
}

function whyKept(spec: EntrySpec, value: number, replicas: number): string {
  const wanted = asked(spec, value, replicas);
  const said = `${short(value)} asks for ${wanted}`;
  if (wanted > replicas) return `${said}, and maxReplica is ${spec.maxReplica}`;
  if (wanted < replicas) return `${said}, and minReplica is ${spec.minReplica}`;
  return `${short(value)} is near enough to the threshold ${spec.threshold}`;
}

function scaled(from: number, to: number, why: string): Verdict {
  return {
    decision: to > from ? 'ScaledUp' : 'ScaledDown',
    replicas: to,
    why: `from ${from} to ${to}: ${why}`,
  };
}
