/**
 * The status of a resource as far as it can be read. Whoever may write it may write anything there: a field that is not what
 * this project writes is as one that is absent.
 */
import type { Manifest } from '../manifest.ts';
import type { Condition, InventoryStatus, ReferenceStatus, ResourceStatus } from './resource-status.ts';

type Fields = Readonly<Record<string, unknown>>;
type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function has(value: unknown, shape: Shape): value is Fields {
  return isFields(value) && Object.entries(shape).every(([name, fits]) => fits(value[name]));
}

function listOf<Item>(value: unknown, shape: Shape): readonly Item[] {
  return Array.isArray(value) ? value.filter((each): each is Item => has(each, shape)) : [];
}

const CONDITION: Shape = { type: isString, status: isString, reason: isString, message: isString };
const PAST: Shape = { trigger: isString, generation: isNumber, startedAt: isString };
const STAGE: Shape = { name: isString, state: isString };
const APPROVAL: Shape = { stage: isString, token: isString, reason: isString };
/** A key has a kind and a name. */
const REFERENCE: Shape = { object: (key) => isString(key) && /^[^/]+\/.*[^/]$/.test(key), seen: isString };
const INPUT: Shape = { digest: isString };
const GOOD: Shape = {
  revision: isString,
  generation: isNumber,
  digest: isString,
  input: (input) => has(input, INPUT),
};

/** What of the status is as this project writes it. */
export function readStatus(manifest: Manifest): Partial<ResourceStatus> {
  const status = manifest['status'];
  if (!isFields(status)) return {};
  const { observedGeneration, ready, stage, routine } = status;
  return {
    ...(isNumber(observedGeneration) ? { observedGeneration } : {}),
    ...(isString(ready) ? { ready } : {}),
    ...(isString(stage) ? { stage } : {}),
    ...(Array.isArray(status['conditions'])
      ? { conditions: listOf<Condition>(status['conditions'], CONDITION) }
      : {}),
    ...rolloutIn(status),
    ...(Array.isArray(status['history']) ? { history: listOf(status['history'], PAST) } : {}),
    ...memoryIn(status),
    ...inventoryIn(status),
    ...(routine === undefined ? {} : { routine }),
    ...(Array.isArray(status['references'])
      ? { references: listOf<ReferenceStatus>(status['references'], REFERENCE) }
      : {}),
  };
}

function rolloutIn({ rollout }: Fields): Pick<Partial<ResourceStatus>, 'rollout'> {
  if (!has(rollout, PAST)) return {};
  const { stages, pendingApprovals, ...rest } = rollout;
  return {
    rollout: {
      ...(rest as unknown as NonNullable<ResourceStatus['rollout']>),
      stages: listOf(stages, STAGE),
      ...(pendingApprovals === undefined ? {} : { pendingApprovals: listOf(pendingApprovals, APPROVAL) }),
    },
  };
}

function memoryIn({ memory }: Fields): Pick<Partial<ResourceStatus>, 'memory'> {
  if (!isFields(memory)) return {};
  const { good, previous, quarantine, restarts } = memory;
  return {
    memory: {
      ...(has(good, GOOD) ? { good } : {}),
      ...(has(previous, GOOD) ? { previous } : {}),
      ...(isFields(quarantine) ? { quarantine } : {}),
      ...(isFields(restarts) && Object.values(restarts).every(isString) ? { restarts } : {}),
    } as unknown as NonNullable<ResourceStatus['memory']>,
  };
}

/** What lives behind APIs, by key. */
const KEY_LISTS = ['externals', 'adopted', 'unconfirmed', 'wanted'] as const;

function inventoryIn({ inventory }: Fields): Pick<Partial<ResourceStatus>, 'inventory'> {
  if (!isFields(inventory)) return {};
  const { objects, kinds, elsewhere, commands, written, fingerprint, ...rest } = inventory;
  const texts = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each) => isString(each) && each !== '') : [];
  const read: InventoryStatus = {
    ...rest,
    objects: isNumber(objects) ? objects : 0,
    kinds: texts(kinds),
    ...(elsewhere === undefined ? {} : { elsewhere: texts(elsewhere) }),
    ...Object.fromEntries(KEY_LISTS.filter((name) => name in rest).map((name) => [name, texts(rest[name])])),
    ...(isString(commands) ? { commands } : {}),
    ...(isString(written) ? { written } : {}),
    fingerprint: isString(fingerprint) ? fingerprint : '',
  };
  return { inventory: read };
}
