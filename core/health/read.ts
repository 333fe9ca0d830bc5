/** Reads JSON of unknown shape: what is missing or of another type reads as empty, so that no rule can throw. */
import { bounded, LONGEST_PART } from '../bounded-text.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of field names. */
export function read(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isFields(at) ? at[name] : undefined), value);
}

export function readText(value: unknown, ...path: readonly string[]): string {
  const found = read(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** Undefined when there is no number. */
export function readNumber(value: unknown, ...path: readonly string[]): number | undefined {
  const found = read(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** A counter of a status: the API server leaves it out when it is zero. */
export function readCount(value: unknown, ...path: readonly string[]): number {
  return readNumber(value, ...path) ?? 0;
}

export function readMany(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = read(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Milliseconds since the epoch; undefined when there is no time. */
export function readTime(value: unknown, ...path: readonly string[]): number | undefined {
  const time = Date.parse(readText(value, ...path));
  return Number.isNaN(time) ? undefined : time;
}

export interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
}

/** The condition of a type in an object's status. */
export function conditionOf(object: unknown, type: string): ConditionView | undefined {
  const named = readMany(object, 'status', 'conditions').filter((each) => readText(each, 'type') === type);
  return named.map((found): ConditionView => ({
    type,
    status: readText(found, 'status'),
    reason: readText(found, 'reason'),
    message: readText(found, 'message'),
    since: readTime(found, 'lastTransitionTime'),
  }))[0];
}

/** The condition of a type, when it is True. */
export function trueCondition(object: unknown, type: string): ConditionView | undefined {
  const found = conditionOf(object, type);
  return found?.status === 'True' ? found : undefined;
}

/** Somebody else's text as a part of one sentence. */
export function phrase(text: string): string {
  return bounded(text.replace(/\s+/g, ' ').trim().replace(/\.$/, ''), LONGEST_PART);
}
