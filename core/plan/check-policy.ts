/** Whether a policy is one. Its durations and schedules are read where there is a clock (`activities/rollout-rules.ts`). */
import { invalid } from '../../api/invalid.ts';
import type { RolloutPolicy } from '../../api/operator.ts';
import { DEFAULT_TIME_LIMITS } from '../../api/time-limits.ts';
import type { Trigger } from '../rollout/rules.ts';

type Fields = Readonly<Record<string, unknown>>;
/** Answers what is expected where the value is something else. */
type Check = (value: unknown) => string | undefined;

const TRIGGERS: readonly Trigger[] = ['Install', 'Change', 'Configuration', 'Restart', 'Runtime', 'Rollback'];

const WINDOW = {
  schedule: isText,
  duration: isText,
  timeZone: isText,
  for: someOf(TRIGGERS),
} as const satisfies Record<string, Check>;

const POLICY = {
  deadline: isText,
  firstInstall: oneOf(['parallel', 'ordered']),
  bake: (value) => (isTextOrTexts(value) ? undefined : 'a duration, or a duration for each role'),
  approval: (value) =>
    value === 'required' || isTexts(value)
      ? undefined
      : '"required", or a list of roles, for example ["server"]',
  windows: (value) =>
    Array.isArray(value) && value.length > 0
      ? undefined
      : 'a list of at least one window; without the field pods may restart at any time',
  onDeadline: oneOf(['halt', 'rollback']),
  timeLimits: (value) => (isFields(value) ? undefined : 'an object such as { gate: "30 seconds" }'),
  restartOnChange: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
} as const satisfies Record<keyof RolloutPolicy, Check>;

/**
 * Plain JavaScript, and what a policy is computed from, can make anything of it: a field that says nothing we know protects nothing.
 *
 * @throws InvalidResource naming the field, what stands there, and what is expected.
 */
export function checkedPolicy(policy: unknown): RolloutPolicy {
  if (!isFields(policy))
    throw invalid('rollout', `${found(policy)} is no policy; expected an object, which may be empty`);
  checkFields(policy, 'rollout', POLICY);
  const { timeLimits, windows } = policy;
  const limits = Object.keys(DEFAULT_TIME_LIMITS).map((name) => [name, isText] as const);
  if (isFields(timeLimits)) checkFields(timeLimits, 'rollout.timeLimits', Object.fromEntries(limits));
  for (const [index, window] of (Array.isArray(windows) ? windows : []).entries()) {
    const field = `rollout.windows[${index}]`;
    if (!isFields(window)) throw invalid(field, `${found(window)} is no window; expected an object`);
    for (const name of ['schedule', 'duration'])
      if (window[name] === undefined) throw invalid(`${field}.${name}`, 'is missing');
    checkFields(window, field, WINDOW);
  }
  return policy;
}

function checkFields(fields: Fields, path: string, checks: Readonly<Record<string, Check>>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check)
      throw invalid(`${path}.${name}`, `is unknown; the fields are ${Object.keys(checks).sort().join(', ')}`);
    const expected = check(value);
    if (expected) throw invalid(`${path}.${name}`, `expected ${expected}; found ${found(value)}`);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('then' in value);
}

function isText(value: unknown): string | undefined {
  return typeof value === 'string' ? undefined : 'a text';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isTextOrTexts(value: unknown): boolean {
  return typeof value === 'string' || (isFields(value) && isTexts(Object.values(value)));
}

function oneOf(words: readonly string[]): Check {
  const expected = words.map((word) => `"${word}"`).join(' or ');
  return (value) => (typeof value === 'string' && words.includes(value) ? undefined : expected);
}

function someOf(words: readonly string[]): Check {
  const isSome = (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.every((each) => words.includes(each));
  return (value) => (isSome(value) ? undefined : `a list of at least one of ${words.join(', ')}`);
}

function found(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
