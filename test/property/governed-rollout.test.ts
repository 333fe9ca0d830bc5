import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isWorkload, titleOf } from '../../core/plan/categories.ts';
import type { PlannedRef } from '../../core/plan/digests.ts';
import { OUR_REASONS, STATUS_REASONS } from '../../core/reasons.ts';
import { tokenOf } from '../../core/rollout/course.ts';
import type { Step } from '../../core/rollout/step.ts';
import { changeOf } from '../../core/rollout/change.ts';
import { ONLY_THE_CANARY, canaryOf } from '../../core/rollout/canary.ts';
import { growsFirst } from '../../core/rollout/scaling.ts';
import type { PlanView, ReconcileState } from '../../core/rollout/state.ts';
import { verdictOf } from '../../core/status/verdict.ts';
import type { Operator } from '../../index.ts';
import { customResource, defineOperator, persistentVolumeClaim } from '../../index.ts';
import { anySpec, governed, playGoverned, policy, release } from '../support/governed-events.ts';
import { SimulatedCluster } from '../support/simulated-cluster.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import { toyOperator } from '../support/toy-operator.ts';

const RUNS = { numRuns: 100 };

/** With all that holds up a stage, and a claim that outlives what it was for. */
function built(build: string): Operator<ToySpec> {
  const toys = toyOperator({
    build,
    canary: 1,
    gate: function loaded() {
      return true;
    },
    before: function drain() {},
    after: function rebalance() {},
  });
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    desired: (resource, named) => [
      ...toys.desired(resource, named),
      ...resource.spec.nodes.map(({ name }) => persistentVolumeClaim(named(name, 'kept'), claim)),
    ],
  });
}

function governedCluster(how: Partial<SimulatedCluster['governance']>): SimulatedCluster {
  const cluster = new SimulatedCluster(built('1'));
  cluster.lingers = true;
  Object.assign(cluster.governance, how);
  return cluster;
}

/** What a step replaces the pods of. */
function disrupted(step: Step, plan: PlanView, state: ReconcileState): readonly PlannedRef[] {
  const { inTurn, released } = (step.kind === 'reshape' && state.reshaping?.[step.key]) || {};
  if (step.kind === 'reshape' && inTurn && !released) return [plan.refs[step.key] ?? []].flat();
  if (step.kind !== 'apply') return [];
  return step.keys.flatMap((key) => {
    const ref = plan.refs[key];
    const entry = state.inventory[key];
    if (!ref || !isWorkload(key)) return [];
    const change = changeOf(ref, entry);
    return change === 'disruptive' && !growsFirst(ref, entry, change) ? [ref] : [];
  });
}

describe('a governed rollout, over any specs, crashes, approvals, pauses, windows, rollbacks, builds and lost workflows', () => {
  it('replaces no pod without the approval that is demanded, outside its window or while it is paused', () => {
    fc.assert(
      fc.property(policy, anySpec, governed, (how, first, story) => {
        const cluster = governedCluster(how);
        cluster.watch = (step, { plan, state }) => {
          const { now, governance } = cluster;
          const { orders, rules } = governance;
          const pauses = (plan.orders?.pauses ?? []).filter(
            ({ until }) => until === undefined || now < until,
          );
          assert.ok(!pauses.some(({ scope }) => scope === 'all'), `${step.kind} while all is paused`);
          for (const ref of disrupted(step, plan, state)) {
            const title = titleOf(ref.key).replace(' ', '/');
            for (const { scope } of pauses)
              assert.ok(
                scope !== 'rollouts' &&
                  !(typeof scope === 'object' && 'role' in scope && scope.role === ref.role) &&
                  !(typeof scope === 'object' && 'object' in scope && scope.object === title),
                `${ref.key} is changed while paused`,
              );
            const trigger = state.rollout?.trigger ?? 'Change';
            if (trigger === 'Install' || trigger === 'Rollback') continue;
            const stage = ref.stage === undefined ? '' : (plan.stages[ref.stage] ?? '');
            const isGiven = (what: 'stage' | 'window'): boolean =>
              (orders.approvals ?? []).some(
                ({ token, expires }) =>
                  token === tokenOf(plan.digest, stage, what) && (expires === undefined || now < expires),
              );
            const demanded = [rules.approval, orders.approval].some(
              (roles) => roles === 'all' || roles?.includes(ref.role ?? ''),
            );
            assert.ok(!demanded || isGiven('stage'), `${ref.key} is changed without an approval`);
            const { windows } = governance;
            const isOpen = !windows || now % windows.everyMs < windows.openMs;
            assert.ok(isOpen || isGiven('window'), `${ref.key} is changed outside a window`);
          }
        };
        playGoverned(first, story, { cluster, rebuilt: built });
      }),
      RUNS,
    );
  });

  it('never changes the pods of two stages at once, and never of a later stage while a former one is not current', () => {
    fc.assert(
      fc.property(policy, anySpec, governed, (how, first, story) => {
        const cluster = governedCluster(how);
        const told = story.map((each) =>
          each.by === 'chance' ? { ...each, event: { ...each.event, told: true } } : each,
        );
        cluster.watch = (step, { plan, state }) => {
          const rolled = disrupted(step, plan, state);
          const stages = new Set(rolled.map(({ stage }) => stage));
          assert.ok(stages.size <= 1, `stages ${[...stages].join(', ')} change at once`);
          for (const { key, stage = 0 } of rolled)
            for (const other of Object.values(plan.refs))
              if (isWorkload(other.key) && other.stage !== undefined && other.stage < stage)
                assert.ok(
                  ['Current', 'Lagging'].includes(cluster.live.get(other.key)?.health ?? ''),
                  `${key} changes while ${other.key} is not current`,
                );
        };
        playGoverned(first, told, { cluster, rebuilt: built });
      }),
      RUNS,
    );
  });

  it('changes what a canary left as it was only when that is current and its gate was open, also when its workflow was lost', () => {
    fc.assert(
      fc.property(policy, anySpec, governed, (how, first, story) => {
        const cluster = governedCluster(how);
        cluster.watch = (step, { plan, state }) => {
          if (step.kind !== 'apply' || state.rollout?.trigger === 'Rollback') return;
          for (const key of step.keys) {
            const [live, ref] = [cluster.live.get(key), plan.refs[key]];
            if (!live || !ref || live.digest !== ONLY_THE_CANARY || live.template !== ref.template) continue;
            const isFew = !step.whole && canaryOf(ref, state) !== undefined;
            const passage = state.rollout?.passages[key];
            const isThrough = passage?.gate === 'open' && state.inventory[key]?.health === undefined;
            assert.ok(isFew || isThrough, `${key}: the rest follows its canary`);
          }
        };
        playGoverned(first, story, { cluster, rebuilt: built });
      }),
      RUNS,
    );
  });

  it('never prunes what is desired, what a pod may read, or what is retained', () => {
    fc.assert(
      fc.property(policy, anySpec, governed, (how, first, story) => {
        const cluster = governedCluster(how);
        cluster.watch = (step, { plan }) => {
          if (step.kind !== 'prune') return;
          for (const key of step.keys) assert.ok(!(key in plan.refs), `${key} is desired, and pruned`);
        };
        const made = new Set<string>();
        playGoverned(
          first,
          story.filter((each) => each.by === 'people' || each.event.kind !== 'delete'),
          {
            cluster,
            rebuilt: built,
            settled: () => {
              for (const key of cluster.live.keys())
                if (key.startsWith('PersistentVolumeClaim/')) made.add(key);
            },
          },
        );
        assert.deepEqual(cluster.torn, []);
        assert.deepEqual(
          [...made].filter((key) => !cluster.live.has(key)),
          [],
        );
      }),
      RUNS,
    );
  });

  it('is Ready or says by name what it waits for, whenever it rests', () => {
    fc.assert(
      fc.property(policy, anySpec, governed, (how, first, story) => {
        const cluster = governedCluster(how);
        const settled = (): void => {
          const step = cluster.steps.at(-1);
          const { plan, state, now } = cluster;
          assert.ok(plan && step?.kind === 'wait');
          const { phase, reason, message } = verdictOf({ plan, state, step }, now);
          assert.ok(reason in OUR_REASONS || reason in STATUS_REASONS, `${reason} is no word of ours`);
          if (step.on.length === 0 && !step.hold) {
            const partial = [...cluster.live].filter(([, { digest }]) => digest === ONLY_THE_CANARY);
            assert.deepEqual(partial, []);
            return assert.equal(phase, plan.course?.kind === 'rolledBack' ? 'Stalled' : 'Ready');
          }
          assert.notEqual(phase, 'Ready');
          const names = step.on.map((key) => key.slice(key.indexOf('/') + 1));
          const isNamed = step.hold ? message !== '' : names.some((name) => message.includes(name));
          assert.ok(isNamed, `"${message}" names none of ${names.join(', ')}`);
        };
        playGoverned(first, story, { cluster, rebuilt: built, settled });
      }),
      RUNS,
    );
  });

  it('has what the last good set had, when it rests after a rollback', () => {
    fc.assert(
      fc.property(policy, anySpec, governed, (how, first, story) => {
        const cluster = governedCluster(how);
        const settled = (): void => {
          const step = cluster.steps.at(-1);
          const { plan } = cluster;
          if (plan?.course?.kind !== 'rolledBack' || step?.kind !== 'wait' || step.on.length > 0) return;
          assert.equal(plan.digest, plan.course.good.digest);
          const pods = [...cluster.live].filter(([key]) => isWorkload(key));
          for (const [key, { template }] of pods) assert.equal(template, plan.refs[key]?.template, key);
        };
        playGoverned(first, story, { cluster, rebuilt: built, settled });
      }),
      RUNS,
    );
  });

  it('ends Ready with exactly what is desired, once nobody holds it and a newer spec is wanted', () => {
    fc.assert(
      fc.property(policy, anySpec, anySpec, governed, (how, first, last, story) => {
        const cluster = governedCluster(how);
        playGoverned(first, story, { cluster, rebuilt: built });
        assert.deepEqual(release(cluster, last, 100), []);
        const wanted = Object.keys(cluster.plan?.refs ?? {}).sort();
        const isKept = (key: string): boolean => key.startsWith('PersistentVolumeClaim/');
        assert.deepEqual(
          [...cluster.live.keys()].filter((key) => !isKept(key)).sort(),
          wanted.filter((key) => !isKept(key)),
        );
        assert.equal(cluster.state.rollout, undefined);
        assert.deepEqual(cluster.state.unhealthy, {});
      }),
      RUNS,
    );
  });

  it('decides the same again from the JSON of what it knew and the plan made anew, at any point', () => {
    fc.assert(
      fc.property(policy, anySpec, governed, fc.infiniteStream(fc.boolean()), (how, first, story, coins) => {
        const [one, two] = [governedCluster(how), governedCluster(how)];
        playGoverned(first, story, { cluster: one, rebuilt: built });
        const settled = (): void => {
          if (!coins.next().value) return;
          two.state = JSON.parse(JSON.stringify(two.state));
          // What waits for people is looked at anew with each plan, which is one step more and nothing else.
          const isAsked = Object.values(two.state.refusals).some(({ token }) => token !== undefined);
          if (!isAsked && !two.state.reshaping) two.replan();
        };
        playGoverned(first, story, { cluster: two, rebuilt: built, settled });
        assert.deepEqual(one.steps, two.steps);
      }),
      RUNS,
    );
  });
});
