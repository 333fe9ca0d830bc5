import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isWorkload } from '../../core/plan/categories.ts';
import { verdictOf } from '../../core/status/verdict.ts';
import type { Operator } from '../../index.ts';
import { customResource, defineOperator, persistentVolumeClaim } from '../../index.ts';
import { events, heal, play, spec, toldEvents } from '../support/rollout-events.ts';
import { SimulatedCluster } from '../support/simulated-cluster.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import { toyOperator } from '../support/toy-operator.ts';

const RUNS = { numRuns: 200 };

/** With a gate and hooks, and a claim that outlives what it was for. */
function operator(): Operator<ToySpec> {
  const toys = toyOperator({
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

function lingering(): SimulatedCluster {
  const cluster = new SimulatedCluster(operator());
  cluster.lingers = true;
  return cluster;
}

describe('a rollout, over any specs, edits, deletions, crashes, answers and orders of events, of which some are lost', () => {
  it('ends with exactly what is desired and what is retained, once everything is healthy', () => {
    fc.assert(
      fc.property(spec, events, (first, story) => {
        const cluster = lingering();
        play(cluster, first, story);
        assert.deepEqual(heal(cluster), []);
        const wanted = Object.keys(cluster.plan?.refs ?? {}).sort();
        const isKept = (key: string): boolean => key.startsWith('PersistentVolumeClaim/');
        assert.deepEqual(
          [...cluster.live.keys()].filter((key) => !isKept(key)).sort(),
          wanted.filter((key) => !isKept(key)),
        );
        assert.deepEqual(Object.keys(cluster.state.inventory).sort(), wanted);
        assert.equal(cluster.state.rollout, undefined);
        assert.deepEqual(cluster.state.unhealthy, {});
      }),
      RUNS,
    );
  });

  it('never changes the pods of two stages at once, and never of a later stage while a former one is not current', () => {
    fc.assert(
      fc.property(spec, toldEvents, (first, story) => {
        const cluster = new SimulatedCluster(toyOperator());
        let before = new Map(cluster.live);
        cluster.want(first, 1);
        heal(cluster);
        const happened = (): void => {
          before = new Map(cluster.live);
        };
        const settled = (): void => {
          const refs = cluster.plan?.refs ?? {};
          const rolled = [...cluster.live].filter(([key, live]) => {
            const known = before.get(key);
            return isWorkload(key) && known && known.template !== live.template;
          });
          const stages = new Set(rolled.map(([key]) => refs[key]?.stage));
          assert.ok(stages.size <= 1, `stages ${[...stages].join(', ')} changed at once`);
          for (const [rolledKey] of rolled)
            for (const [key, { stage }] of Object.entries(refs))
              if (isWorkload(key) && (stage ?? 0) < (refs[rolledKey]?.stage ?? 0))
                assert.ok(
                  ['Current', 'Lagging'].includes(before.get(key)?.health ?? ''),
                  `${rolledKey} rolled while ${key} was not current`,
                );
        };
        play(cluster, first, story, { happened, settled });
      }),
      RUNS,
    );
  });

  it('never prunes what is desired, nor what a pod that is there may read', () => {
    fc.assert(
      fc.property(spec, events, (first, story) => {
        const cluster = lingering();
        const check = (): void => {
          const pruned = cluster.steps.splice(0).flatMap((step) => (step.kind === 'prune' ? step.keys : []));
          assert.deepEqual(
            pruned.filter((key) => key in (cluster.plan?.refs ?? {})),
            [],
          );
          assert.deepEqual(cluster.torn, []);
        };
        play(cluster, first, story, { settled: check });
        heal(cluster);
        assert.deepEqual(cluster.torn, []);
      }),
      RUNS,
    );
  });

  it('never removes what is retained', () => {
    fc.assert(
      fc.property(spec, events, (first, story) => {
        const cluster = lingering();
        const made = new Set<string>();
        play(
          cluster,
          first,
          story.filter(({ kind }) => kind !== 'delete'),
          {
            settled: () => {
              for (const key of cluster.live.keys())
                if (key.startsWith('PersistentVolumeClaim/')) made.add(key);
            },
          },
        );
        heal(cluster);
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
      fc.property(spec, events, (first, story) => {
        const cluster = lingering();
        const settled = (): void => {
          const step = cluster.steps.at(-1);
          const { plan, state, now } = cluster;
          assert.ok(plan && step?.kind === 'wait');
          const { phase, reason, message } = verdictOf({ plan, state, step }, now);
          if (step.on.length === 0) return assert.equal(phase, 'Ready');
          assert.notEqual(phase, 'Ready');
          assert.match(reason, /^[A-Z][A-Za-z]+$/);
          const names = step.on.map((key) => key.slice(key.indexOf('/') + 1));
          assert.ok(
            names.some((name) => message.includes(name)),
            `"${message}" names none of ${names.join(', ')}`,
          );
        };
        play(cluster, first, story, { settled });
      }),
      RUNS,
    );
  });

  it('decides the same again from the same knowledge, and from its JSON', () => {
    fc.assert(
      fc.property(spec, events, (first, story) => {
        const [one, two] = [lingering(), lingering()];
        play(one, first, story);
        const settled = (): void => {
          two.state = JSON.parse(JSON.stringify(two.state));
        };
        play(two, first, story, { settled });
        assert.deepEqual(one.steps, two.steps);
        assert.deepEqual(one.state, two.state);
      }),
      { numRuns: 100 },
    );
  });
});
