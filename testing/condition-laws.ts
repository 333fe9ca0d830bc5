/**
 * What the conditions of a resource must obey for kubectl wait, Flux, Argo CD and Helm to read the same from them: the checks
 * that Flux makes of its own controllers, the rules of kstatus, and the shape of `metav1.Condition`.
 */

/** The part of a resource that the laws speak of. */
export interface ResourceWithConditions {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly status?: unknown;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

interface Told {
  readonly generation: number;
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
  readonly is: (type: string) => string | undefined;
}

/** A law tells what breaks it; undefined when it holds. */
type Law = (told: Told) => string | undefined;

/** Conditions that tell of trouble when they are True. */
const ABNORMAL: readonly string[] = ['Reconciling', 'Stalled', 'Degraded'];
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const LONGEST_MESSAGE = 1024;

const LAWS: Readonly<Record<string, Law>> = {
  'Ready is always there': ({ is }) => (is('Ready') ? undefined : 'there is no condition Ready'),
  'Ready is True only when nothing abnormal is': ({ is }) => {
    const abnormal = is('Ready') === 'True' ? ABNORMAL.filter((type) => is(type) === 'True') : [];
    return offence(abnormal, 'True beside Ready=True');
  },
  'Ready is Unknown only while Reconciling is True': ({ is }) =>
    is('Ready') === 'Unknown' && is('Reconciling') !== 'True'
      ? 'Ready is Unknown and nothing reconciles'
      : undefined,
  'Ready is False while Stalled is True': ({ is }) =>
    is('Stalled') === 'True' && is('Ready') !== 'False'
      ? `Stalled is True and Ready ${is('Ready')}`
      : undefined,
  'Reconciling and Stalled exclude each other': ({ is }) =>
    is('Reconciling') && is('Stalled') ? 'both Reconciling and Stalled are there' : undefined,
  'Reconciling and Stalled are there only when they are True': ({ is }) =>
    offence(
      ['Reconciling', 'Stalled'].filter((type) => is(type) && is(type) !== 'True'),
      'there without being True',
    ),
  'no generation is observed before it exists': ({ generation, observedGeneration, conditions }) =>
    observedGeneration > generation
      ? `observedGeneration ${observedGeneration} is beyond generation ${generation}`
      : offence(
          conditions.filter((each) => each.observedGeneration > generation).map(({ type }) => type),
          `beyond generation ${generation}`,
        ),
  'Ready is not True before the generation is observed': ({ is, generation, observedGeneration }) =>
    is('Ready') === 'True' && observedGeneration < generation
      ? `Ready is True, with generation ${observedGeneration} observed of ${generation}`
      : undefined,
  'every condition speaks of the observed generation when Ready is True': ({
    is,
    observedGeneration,
    conditions,
  }) =>
    offence(
      is('Ready') === 'True'
        ? conditions.filter((each) => each.observedGeneration !== observedGeneration).map(({ type }) => type)
        : [],
      `not of generation ${observedGeneration}`,
    ),
  'every type is there once': ({ conditions }) => {
    const types = conditions.map(({ type }) => type);
    return offence(
      types.filter((type, index) => types.indexOf(type) !== index),
      'there twice',
    );
  },
  'every condition has the shape of metav1.Condition': ({ conditions }) =>
    offence(
      conditions.filter((each) => !isWellFormed(each)).map(({ type }) => type || '(no type)'),
      'without a status of True, False or Unknown, a CamelCase reason, a generation, an RFC 3339 time or a bounded message',
    ),
};

/**
 * Throws when the conditions of a resource break a law; the error names every law that is broken.
 *
 * Of a resource at rest or on its way alike. It does not hold for the moment between a change of the spec and the operator's first
 * word about it: wait until `status.observedGeneration` has caught up.
 */
export function assertConditionLaws(resource: ResourceWithConditions): void {
  const told = toldBy(resource);
  const broken = Object.entries(LAWS).flatMap(([law, check]) => {
    const why = check(told);
    return why === undefined ? [] : [`- ${law}: ${why}`];
  });
  if (broken.length === 0) return;
  const said = told.conditions.map(({ type, status, reason }) => `${type}=${status} (${reason})`).join(', ');
  throw new Error(
    `The conditions of ${resource.kind} ${resource.metadata.name} break a law:\n${broken.join('\n')}\nThey are: ${said || 'none'}`,
  );
}

function offence(types: readonly string[], what: string): string | undefined {
  return types.length === 0 ? undefined : `${types.join(', ')}: ${what}`;
}

function isWellFormed(condition: Condition): boolean {
  return (
    condition.type !== '' &&
    ['True', 'False', 'Unknown'].includes(condition.status) &&
    REASON.test(condition.reason) &&
    condition.observedGeneration > 0 &&
    TIME.test(condition.lastTransitionTime) &&
    condition.message.length <= LONGEST_MESSAGE
  );
}

function toldBy({ metadata, status }: ResourceWithConditions): Told {
  const found = field(status, 'conditions');
  const conditions = (Array.isArray(found) ? found : []).map(conditionFrom);
  return {
    generation: metadata.generation ?? 0,
    observedGeneration: numeral(status, 'observedGeneration'),
    conditions,
    is: (type) => conditions.find((each) => each.type === type)?.status,
  };
}

function conditionFrom(value: unknown): Condition {
  return {
    type: text(value, 'type'),
    status: text(value, 'status'),
    reason: text(value, 'reason'),
    message: text(value, 'message'),
    observedGeneration: numeral(value, 'observedGeneration'),
    lastTransitionTime: text(value, 'lastTransitionTime'),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found : '';
}

function numeral(value: unknown, name: string): number {
  const found = field(value, name);
  return typeof found === 'number' ? found : 0;
}
