export const CIRCUIT_STATES = {
  Closed: 'Closed',
  /** The server is not asked. */
  Open: 'Open',
  /** One question is under way, by which it closes or stays open. */
  HalfOpen: 'HalfOpen',
} as const;

export type CircuitState = keyof typeof CIRCUIT_STATES;

/** So many failures in a row open it, unless all of them are of one moment: a connection that is cut fails all that use it. */
const FAILURES = 5;
const LEAST_TROUBLE_MS = 1_000;
/** How long it stays open, at first and at most. */
const OPEN_MS = { least: 1_000, most: 10_000 };

/** Whether a server is worth asking. Pure; time is what the caller says it is, and must never be set back. */
export class Circuit {
  #state: CircuitState = CIRCUIT_STATES.Closed;
  #failures = 0;
  #troubledSince = Infinity;
  #openings = 0;
  #openUntil = 0;
  #opened = 0;

  get state(): CircuitState {
    return this.#state;
  }

  /** How often it was opened, from closed. */
  get opened(): number {
    return this.#opened;
  }

  get failures(): number {
    return this.#failures;
  }

  /** For how long the server is not asked; 0 when it may be. */
  remainingMs(nowMs: number): number {
    if (this.#state === CIRCUIT_STATES.Closed) return 0;
    return Math.max(0, this.#openUntil - nowMs);
  }

  /** The server answered, whatever it said. Answers whether this closed it. */
  succeeded(): boolean {
    const wasClosed = this.#state === CIRCUIT_STATES.Closed;
    this.#state = CIRCUIT_STATES.Closed;
    this.#failures = 0;
    this.#troubledSince = Infinity;
    this.#openings = 0;
    return !wasClosed;
  }

  /** There was no answer to what was asked at that time. Answers whether this opened it. */
  failed(askedAtMs: number, nowMs: number): boolean {
    this.#failures++;
    this.#troubledSince = Math.min(this.#troubledSince, askedAtMs);
    if (this.#state !== CIRCUIT_STATES.Closed) return false;
    if (this.#failures < FAILURES || nowMs - this.#troubledSince < LEAST_TROUBLE_MS) return false;
    this.#opened++;
    this.#open(nowMs);
    return true;
  }

  /** One question is asked, to find out. */
  probes(): void {
    this.#state = CIRCUIT_STATES.HalfOpen;
  }

  /** That had no answer either. */
  staysOpen(nowMs: number): void {
    if (this.#state === CIRCUIT_STATES.HalfOpen) this.#open(nowMs);
  }

  #open(nowMs: number): void {
    this.#state = CIRCUIT_STATES.Open;
    this.#openUntil = nowMs + Math.min(OPEN_MS.most, OPEN_MS.least * 2 ** this.#openings++);
  }
}
