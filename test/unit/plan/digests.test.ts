import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digest } from '../../../activities/digest.ts';
import { render } from '../../../core/plan/digests.ts';
import { plan } from '../../../index.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toy, toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';

const BROKER = 'StatefulSet.apps/t1-b';
const CONTROLLER = 'StatefulSet.apps/t1-c';

function templates(spec: ToySpec): Record<string, string | undefined> {
  const { objects } = render(plan(toyOperator(), toy(spec)), digest);
  return { broker: objects.get(BROKER)?.ref.template, controller: objects.get(CONTROLLER)?.ref.template };
}

describe('digests', () => {
  it("change the pod template of a workload when a ConfigMap it uses changes (Parseable's never did), and no other", () => {
    const [controller, broker] = TWO_ROLES.nodes;
    assert.ok(controller && broker);
    const before = templates(TWO_ROLES);
    const after = templates({ ...TWO_ROLES, nodes: [controller, { ...broker, config: 'b=2' }] });
    assert.notEqual(after['broker'], before['broker']);
    assert.equal(after['controller'], before['controller']);
  });

  it('leave the pod template alone when only replicas change', () => {
    const scaled = { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, replicas: 3 })) };
    assert.deepEqual(templates(scaled), templates(TWO_ROLES));
  });

  it('are those of the JSON form: undefined is absent, a shared object is its copy', () => {
    const labels = { a: '1' };
    assert.equal(digest({ a: 1, b: undefined }), digest({ a: 1 }));
    assert.equal(digest({ x: labels, y: labels }), digest({ x: { a: '1' }, y: { a: '1' } }));
    assert.equal(digest({ a: 1, b: 2 }), digest({ b: 2, a: 1 }));
    assert.notEqual(digest(['a', 'b']), digest(['b', 'a']));
  });

  it('of equal resources are equal', () => {
    assert.equal(
      render(plan(toyOperator(), toy(TWO_ROLES)), digest).digest,
      render(plan(toyOperator(), toy(structuredClone(TWO_ROLES))), digest).digest,
    );
  });
});
