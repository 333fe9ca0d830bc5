/**
 * Folds many results into a state with one copy of each record. A fold about one object is given the records of that object
 * alone, so its cost does not grow with the resource: copying the inventory once per result took 10 s for 4,000 objects.
 */
import type { ObjectKey } from '../refs.ts';
import type { Passage, ReconcileState } from './state.ts';

/** What a state keeps by object; those that are optional are left out while they are empty. */
const REQUIRED = ['inventory', 'refusals', 'unhealthy'] as const;
const OPTIONAL = ['contests', 'reshaping', 'unblocking', 'lost'] as const;
const RECORDS = [...REQUIRED, ...OPTIONAL] as const;

type RecordName = (typeof RECORDS)[number];
type Values = Record<ObjectKey, unknown>;

/** Each item in turn; `foldOne` must look at, and change, nothing but the records of its item's key. */
export function foldEach<Item extends { readonly key: ObjectKey }>(
  state: ReconcileState,
  items: readonly Item[],
  foldOne: (state: ReconcileState, item: Item) => ReconcileState,
): ReconcileState {
  if (items.length === 0) return state;
  const draft = new Draft(state);
  for (const item of items) draft.replace(item.key, foldOne(draft.slice(item.key), item));
  return draft.state;
}

class Draft {
  readonly #records: Readonly<Record<RecordName, Values>>;
  readonly #passages: Record<ObjectKey, Passage>;
  /** All but the records. */
  #rest: ReconcileState;

  constructor(state: ReconcileState) {
    this.#records = recordsOf((name) => ({ ...state[name] }));
    this.#passages = { ...state.rollout?.passages };
    this.#rest = state;
  }

  /** The state as far as it is about one object. */
  slice(key: ObjectKey): ReconcileState {
    return this.#with(
      (name) => entryOf(this.#records[name], key),
      entryOf(this.#passages, key) as Record<ObjectKey, Passage>,
    );
  }

  /** Takes up what became of that slice. */
  replace(key: ObjectKey, next: ReconcileState): void {
    for (const name of RECORDS) put(this.#records[name], key, next[name]);
    put(this.#passages, key, next.rollout?.passages);
    this.#rest = next;
  }

  get state(): ReconcileState {
    return this.#with((name) => this.#records[name], this.#passages);
  }

  #with(valuesOf: (name: RecordName) => Values, passages: Record<ObjectKey, Passage>): ReconcileState {
    const { contests: _1, reshaping: _2, unblocking: _3, lost: _4, rollout, ...rest } = this.#rest;
    const records = Object.fromEntries(
      RECORDS.map((name) => [name, valuesOf(name)] as const).filter(
        ([name, values]) => isRequired(name) || Object.keys(values).length > 0,
      ),
    );
    return { ...rest, ...records, ...(rollout ? { rollout: { ...rollout, passages } } : {}) };
  }
}

function recordsOf(valuesOf: (name: RecordName) => Values): Readonly<Record<RecordName, Values>> {
  return {
    inventory: valuesOf('inventory'),
    refusals: valuesOf('refusals'),
    unhealthy: valuesOf('unhealthy'),
    contests: valuesOf('contests'),
    reshaping: valuesOf('reshaping'),
    unblocking: valuesOf('unblocking'),
    lost: valuesOf('lost'),
  };
}

function isRequired(name: RecordName): boolean {
  return REQUIRED.some((each) => each === name);
}

function entryOf(values: Values, key: ObjectKey): Values {
  return Object.hasOwn(values, key) ? { [key]: values[key] } : {};
}

function put(values: Values, key: ObjectKey, next: Readonly<Values> | undefined): void {
  if (next && Object.hasOwn(next, key)) values[key] = next[key];
  else delete values[key];
}
