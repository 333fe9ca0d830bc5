/** What may happen to a resource and its objects, in any order: the specs, edits, crashes and answers that laws are held against. */
import fc from 'fast-check';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { ToyNode, ToySpec } from './toy-operator.ts';
import { unversioned } from './versions.ts';

export const ROLES: readonly string[] = ['controller', 'broker', 'server', 'minion'];

const node: fc.Arbitrary<ToyNode> = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  role: fc.constantFrom(...ROLES),
  config: fc.constantFrom('1', '2', '3'),
  replicas: fc.integer({ min: 0, max: 3 }),
});

export const spec: fc.Arbitrary<ToySpec> = fc.record({
  order: fc.shuffledSubarray([...ROLES]),
  nodes: fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 5 }),
});

type Happening =
  | { readonly kind: 'want'; readonly spec: ToySpec }
  | {
      readonly kind: 'health';
      readonly pick: number;
      readonly health: Parameters<SimulatedCluster['become']>[1];
    }
  | { readonly kind: 'edit' | 'delete' | 'refuse'; readonly pick: number }
  | { readonly kind: 'gate'; readonly answer: true | string }
  | { readonly kind: 'accept' | 'go' }
  | { readonly kind: 'late'; readonly ms: number };

/** `told`: the news arrives; otherwise it is lost, and found by a later look. */
export type Event = Happening & { readonly told: boolean };

const pick = fc.nat(100);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('want' as const), spec }),
  fc.record({
    kind: fc.constant('health' as const),
    pick,
    health: fc.constantFrom('Current' as const, 'Lagging' as const, 'InProgress' as const, 'Failed' as const),
  }),
  fc.record({ kind: fc.constantFrom('edit' as const, 'delete' as const, 'refuse' as const), pick }),
  fc.record({ kind: fc.constant('gate' as const), answer: fc.constantFrom(true as const, 'not yet') }),
  fc.record({ kind: fc.constantFrom('accept' as const, 'go' as const) }),
  fc.record({ kind: fc.constant('late' as const), ms: fc.nat(100_000) }),
);

export const event: fc.Arbitrary<Event> = fc
  .tuple(happening, fc.boolean())
  .map(([each, told]): Event => ({ ...each, told }));

/** Up to twelve, of which some news is lost. */
export const events: fc.Arbitrary<readonly Event[]> = fc.array(event, { maxLength: 12 });

/** The same, and all of it is told. */
export const toldEvents: fc.Arbitrary<readonly Event[]> = events.map((all) =>
  all.map((each) => ({ ...each, told: true })),
);

/** Lets it happen; `generation` is that of a spec that is wanted. */
export function happen(cluster: SimulatedCluster, each: Event, generation: number): void {
  const keys = [...cluster.live.keys()];
  const key = 'pick' in each ? keys[each.pick % Math.max(keys.length, 1)] : undefined;
  if (each.kind === 'want') cluster.want(each.spec, generation);
  else if (each.kind === 'late') cluster.now += each.ms;
  else if (each.kind === 'gate') cluster.gate = each.answer;
  else if (each.kind === 'accept') cluster.refused.clear();
  else if (each.kind === 'go') cluster.go();
  else if (key === undefined) return;
  else if (each.kind === 'health') cluster.turn(key, each.health);
  else if (each.kind === 'edit') cluster.edit(key);
  else if (each.kind === 'refuse') cluster.refused.set(unversioned([key])[0] ?? key, 'Invalid value');
  else cluster.live.delete(key);
  if (each.told) cluster.look();
}

/** Plays a whole story: a first spec, then event after event, each followed by all steps that it allows. */
export function play(
  cluster: SimulatedCluster,
  first: ToySpec,
  story: readonly Event[],
  { happened, settled }: { readonly happened?: () => void; readonly settled?: () => void } = {},
): void {
  const opening: Event = { kind: 'want', spec: first, told: true };
  for (const [index, each] of [opening, ...story].entries()) {
    happen(cluster, each, index + 1);
    happened?.();
    cluster.settle();
    settled?.();
  }
}

/** Ends all trouble and finds what was missed, as often as it takes; says what is waited for in the end. */
export function heal(cluster: SimulatedCluster): readonly string[] {
  cluster.gate = true;
  cluster.refused.clear();
  let waits: readonly string[] = [];
  for (let round = 0; round < 60; round++) {
    cluster.now += 700_000;
    cluster.go();
    for (const key of cluster.live.keys()) cluster.turn(key, 'Current');
    cluster.look();
    waits = cluster.settle();
    if (waits.length === 0) break;
  }
  return waits;
}
