/** What people ask of rollouts, in any order and between anything else: approvals, pauses, rollbacks, other builds; and lost workflows. */
import fc from 'fast-check';
import type { Approval, Pause } from '../../core/commands/orders.ts';
import type { Operator } from '../../index.ts';
import type { Event } from './rollout-events.ts';
import { event, happen, heal, ROLES, spec } from './rollout-events.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { ToySpec } from './toy-operator.ts';
import type { Governance } from './simulated-plans.ts';

const roles = fc.oneof(fc.constant('all' as const), fc.subarray([...ROLES], { minLength: 1 }));

/** What holds for a whole story. */
export const policy: fc.Arbitrary<
  Pick<Governance, 'rules' | 'stageDeadlineMs'> & Partial<Pick<Governance, 'windows'>>
> = fc.record(
  {
    rules: fc.record(
      {
        approval: roles,
        bakeMs: fc.constantFrom({ '*': 20_000 }, { broker: 40_000 }),
        rollsBack: fc.constant(true as const),
      },
      { requiredKeys: [] },
    ),
    windows: fc.constantFrom({ everyMs: 200_000, openMs: 50_000 }, { everyMs: 90_000, openMs: 60_000 }),
    stageDeadlineMs: fc.constantFrom(60_000, 1_800_000),
  },
  { requiredKeys: ['rules', 'stageDeadlineMs'] },
);

type Command =
  | { readonly kind: 'approve'; readonly which: 'asked' | 'lapsed' | 'for a while' | 'of another plan' }
  | { readonly kind: 'pause'; readonly scope: Pause['scope']; readonly ms?: number | undefined }
  | { readonly kind: 'demand'; readonly roles: 'all' | readonly string[] | undefined }
  | { readonly kind: 'rebuild'; readonly build: string }
  | { readonly kind: 'shape'; readonly shaping: SimulatedCluster['shaping'] }
  | { readonly kind: 'resume' | 'roll back' | 'forget' };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('approve' as const),
    which: fc.constantFrom(
      'asked' as const,
      'asked' as const,
      'lapsed' as const,
      'for a while' as const,
      'of another plan' as const,
    ),
  }),
  fc.record({
    kind: fc.constant('pause' as const),
    scope: fc.oneof(
      fc.constantFrom('all' as const, 'rollouts' as const),
      fc.record({ role: fc.constantFrom(...ROLES) }),
      fc.record({ object: fc.constantFrom('StatefulSet/t1-a', 'StatefulSet/t1-b') }),
    ),
    ms: fc.option(fc.nat(200_000), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('demand' as const), roles: fc.option(roles, { nil: undefined }) }),
  fc.record({
    kind: fc.constant('shape' as const),
    shaping: fc.constantFrom('done' as const, 'wait' as const, 'refuse' as const, 'replace' as const),
  }),
  fc.record({ kind: fc.constant('rebuild' as const), build: fc.constantFrom('1', '2') }),
  fc.record({ kind: fc.constantFrom('resume' as const, 'roll back' as const, 'forget' as const) }),
);

/** The same workloads in the same order, so that one spec after the other changes pods that are there. */
const steady: fc.Arbitrary<ToySpec> = fc
  .tuple(
    fc.constantFrom('1', '2'),
    fc.constantFrom('1', '2'),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom('1Gi', '2Gi'),
  )
  .map(([controller, broker, replicas, storage]) => ({
    order: ['controller', 'broker'],
    nodes: [
      { name: 'a', role: 'controller', config: controller, replicas: 2 },
      { name: 'b', role: 'broker', config: broker, replicas, storage },
    ],
  }));

export const anySpec: fc.Arbitrary<ToySpec> = fc.oneof(steady, spec);

type Governed = (
  { readonly by: 'chance'; readonly event: Event } | { readonly by: 'people'; readonly command: Command }
) & {
  /** Pods get well meanwhile, as they mostly do. */
  readonly heals: boolean;
};

const heals = fc.oneof(
  { arbitrary: fc.constant(true), weight: 3 },
  { arbitrary: fc.constant(false), weight: 1 },
);

export const governed: fc.Arbitrary<readonly Governed[]> = fc.array(
  fc.oneof(
    fc.record({ by: fc.constant('chance' as const), event, heals }),
    fc.record({
      by: fc.constant('chance' as const),
      event: fc.record({ kind: fc.constant('want' as const), spec: steady, told: fc.constant(true) }),
      heals,
    }),
    fc.record({ by: fc.constant('people' as const), command, heals }),
  ),
  { maxLength: 16 },
);

export interface Play {
  readonly cluster: SimulatedCluster;
  /** The operator as another build of it. */
  readonly rebuilt: (build: string) => Operator<ToySpec>;
  readonly happened?: () => void;
  readonly settled?: () => void;
}

/** Enough for a few stages. */
const MOST_ROUNDS = 6;

/** A first spec, then all that happens, each followed by all steps that it allows. */
export function playGoverned(first: ToySpec, story: readonly Governed[], play: Play): void {
  const { cluster, happened, settled } = play;
  const asked = new Set<string>();
  const rest = (): void => {
    happened?.();
    cluster.settle();
    const step = cluster.steps.at(-1);
    if (step?.kind === 'wait' && step.hold?.token) asked.add(step.hold.token);
    if (cluster.plan?.course?.kind === 'held') asked.add(cluster.plan.course.token);
    settled?.();
  };
  const getWell = (): void => {
    for (let round = 0; round < MOST_ROUNDS && cluster.steps.at(-1)?.kind === 'wait'; round++) {
      for (const key of cluster.live.keys()) cluster.turn(key, 'Current');
      cluster.now += 1_000;
      cluster.look();
      rest();
    }
  };
  cluster.want(first, 1);
  rest();
  getWell();
  for (const [index, each] of story.entries()) {
    if (each.by === 'chance') happen(cluster, each.event, index + 2);
    else give(play, each.command, asked);
    rest();
    if (each.heals) getWell();
  }
}

function give({ cluster, rebuilt }: Play, command: Command, asked: ReadonlySet<string>): void {
  const { governance, now } = cluster;
  const { orders } = governance;
  switch (command.kind) {
    case 'forget':
      return cluster.forget();
    case 'shape':
      cluster.shaping = command.shaping;
      return;
    case 'rebuild':
      cluster.operator = rebuilt(command.build);
      break;
    case 'resume':
      governance.orders = { ...orders, pauses: [] };
      break;
    case 'roll back':
      governance.orders = { ...orders, rollback: { generation: cluster.plan?.generation ?? 0 } };
      break;
    case 'demand':
      governance.orders = { ...orders, ...(command.roles ? { approval: command.roles } : { approval: [] }) };
      break;
    case 'pause': {
      const { scope, ms } = command;
      const pause: Pause = { scope, ...(ms === undefined ? {} : { until: now + ms }) };
      governance.orders = { ...orders, pauses: [...(orders.pauses ?? []), pause] };
      break;
    }
    case 'approve': {
      const approvals = [...asked].map((token) => approvalOf(token, command.which, now));
      const given = command.which === 'of another plan' ? approvals.slice(0, -1) : approvals.slice(-1);
      governance.orders = { ...orders, approvals: [...(orders.approvals ?? []), ...given] };
    }
  }
  cluster.replan();
}

function approvalOf(
  token: string,
  which: Extract<Command, { kind: 'approve' }>['which'],
  now: number,
): Approval {
  if (which === 'lapsed') return { token, expires: now };
  return which === 'for a while' ? { token, expires: now + 40_000 } : { token };
}

/** Nobody asks for anything any more, a newer spec is wanted, and all trouble ends. */
export function release(cluster: SimulatedCluster, spec: ToySpec, generation: number): readonly string[] {
  const { governance } = cluster;
  governance.orders = {};
  governance.rules = {};
  delete governance.windows;
  if (cluster.shaping !== 'replace') cluster.shaping = 'done';
  cluster.want(spec, generation);
  return heal(cluster);
}
