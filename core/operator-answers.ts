/**
 * What operator code may answer. Its types are known to the compiler alone: an answer that was built from a server's reply, or
 * by plain JavaScript, can be anything. Each function takes such an answer and gives back a valid one, or says what is wrong.
 */
import { invalid } from '../api/invalid.ts';
import type { DesiredObject } from '../api/objects.ts';
import type { Desired } from '../api/operator.ts';
import type { Ordered } from '../api/order.ts';
import type { RoutineAnswer } from '../api/routine.ts';
import { bounded } from './bounded-text.ts';

/** Operator code answered what means nothing; the message says what it must answer. */
export class InvalidAnswer extends Error {
  override readonly name = 'InvalidAnswer';
}

/** Of a gate or of `ready`: true, or why not yet. An answer that is neither is a reason of its own. */
export function checkedVerdict(answer: unknown, who: string): true | string {
  if (answer === true) return true;
  if (typeof answer === 'string' && answer.trim() !== '') return bounded(answer);
  return `${who} answered ${shown(answer)}; it must answer true, or a sentence that says why not yet`;
}

/**
 * Of `observe`: what the server has, or undefined for none.
 *
 * @throws InvalidAnswer when it answered a boolean, which says neither.
 */
export function checkedRemote(answer: unknown, who: string): unknown {
  // Many clients answer null where there is nothing.
  if (answer === null) return undefined;
  if (typeof answer === 'boolean')
    throw new InvalidAnswer(
      `${who} answered ${answer}; it must answer the remote object, or undefined when there is none`,
    );
  return answer;
}

/** Of `differs`. @throws InvalidAnswer when it answered anything but a text. */
export function checkedDifference(answer: unknown, who: string): string | undefined {
  if (answer === undefined || answer === null) return undefined;
  if (typeof answer === 'string' && answer.trim() !== '') return bounded(answer);
  throw new InvalidAnswer(
    `${who} answered ${shown(answer)}; it must answer where the two differ, or undefined when they do not`,
  );
}

/** As Kubernetes asks of the reason of a condition. */
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const LONGEST_REASON = 128;

/** The reason of a condition or an event. @throws InvalidAnswer when a strict CRD would refuse it. */
export function checkedReason(reason: unknown, field: string): string {
  if (typeof reason === 'string' && reason.length <= LONGEST_REASON && REASON.test(reason)) return reason;
  throw new InvalidAnswer(
    `${field} is ${shown(reason)}; write one CamelCase word, for example MetricsUnavailable`,
  );
}

/** Of a routine. @throws InvalidAnswer naming the field that is wrong. */
export function checkedRoutineAnswer(answer: unknown): RoutineAnswer<unknown> {
  if (!isRecord(answer)) throw new InvalidAnswer(`it answered ${shown(answer)}; it must answer { state }`);
  const { state, again, trouble } = answer;
  if (again !== undefined && again !== null && typeof again !== 'string')
    throw new InvalidAnswer(
      `it answered again: ${shown(again)}; it must be a duration such as "30 seconds", or absent`,
    );
  const asked = typeof again === 'string' ? { again } : {};
  if (trouble === undefined || trouble === null) return { state, ...asked };
  if (!isRecord(trouble))
    throw new InvalidAnswer(
      `it answered trouble: ${shown(trouble)}; it must be { reason, message }, or absent`,
    );
  const { message } = trouble;
  const reason = checkedReason(trouble['reason'], 'trouble.reason');
  if (typeof message !== 'string' || message.trim() === '')
    throw new InvalidAnswer(`trouble.message is ${shown(message)}; write a sentence for people`);
  return { state, ...asked, trouble: { reason, message } };
}

/**
 * Of `desired`: its objects and orders in one list, without what is falsy.
 *
 * @throws InvalidResource naming the entry that is neither.
 */
export function checkedDesired(answer: unknown): readonly (DesiredObject | Ordered)[] {
  const wanted = 'desired returns a list of objects, made by constructors such as statefulSet and object';
  if (answer instanceof Promise || !Array.isArray(answer))
    throw invalid('desired', `answered ${shown(answer)}; ${wanted}`);
  const entries = (answer as Desired).flat(Infinity) as readonly unknown[];
  return entries.flatMap((entry, index): readonly (DesiredObject | Ordered)[] => {
    if (entry === false || entry === null || entry === undefined || entry === '' || entry === 0) return [];
    if (isOrdered(entry)) {
      const odd = entry.workloads.find((workload) => !isDesired(workload));
      if (odd !== undefined) throw invalid('desired', `orders ${shown(odd)}, which is no object; ${wanted}`);
      return [entry];
    }
    if (isDesired(entry)) return [entry];
    throw invalid('desired', `has ${shown(entry)} as entry ${index}; ${wanted}`);
  });
}

export function isOrdered(entry: unknown): entry is Ordered {
  return isRecord(entry) && Array.isArray(entry['workloads']) && typeof entry['batches'] === 'function';
}

function isDesired(entry: unknown): entry is DesiredObject {
  if (!isRecord(entry)) return false;
  const { apiVersion, kind, name, options } = entry;
  return [apiVersion, kind, name].every((text) => typeof text === 'string') && isRecord(options);
}

/** Where a value holds what JSON cannot, and what; undefined when all of it can be sent to a server as it is. */
export function notJsonIn(
  value: unknown,
  path: string = '',
  above: readonly unknown[] = [],
): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return `${path} is ${value}`;
  if (['function', 'symbol', 'bigint'].includes(typeof value)) return `${path} is a ${typeof value}`;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined;
  if (above.includes(value)) return `${path} contains itself`;
  if (value instanceof Map || value instanceof Set || value instanceof Promise)
    return `${path} is a ${value.constructor.name}`;
  for (const [field, inner] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[${field}]` : path ? `${path}.${field}` : field;
    const found = notJsonIn(inner, place, [...above, value]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as a message names it, without its content: that may hold a credential. */
function shown(value: unknown): string {
  if (value instanceof Promise) return 'a Promise';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value.trim() === '' ? 'an empty text' : `"${value.slice(0, 60)}"`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return `the function ${value.name || 'without a name'}`;
  return String(value);
}
