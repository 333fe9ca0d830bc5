import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Operator } from '../../../index.ts';
import { customResource, defineOperator, deployment } from '../../../index.ts';
import { COMMANDS } from '../../../core/labels.ts';
import { readNumber } from '../../../core/health/read.ts';
import { foreignPods, leaveForeign } from '../../support/foreign-workload.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

/** A Deployment for each node; where the spec names no replicas, others decide about them. */
function operatorNamed(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired: ({ spec }, named) =>
      spec.nodes.map(({ name, replicas, image = 'app:1' }) =>
        deployment(named(name), {
          ...(replicas === undefined ? {} : { replicas }),
          template: { spec: { containers: [{ name: 'main', image }] } },
        }),
      ),
  });
}

describe('a Deployment whose selector would change', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open(operatorNamed);
  });
  after(() => stage[Symbol.asyncDispose]());

  it('is replaced with its pods when somebody approves, with as many as others had decided for', async () => {
    const former = await leaveForeign(stage, 'Deployment', 'web-app');
    await stage.want({ order: [], nodes: [{ name: 'app', role: 'app', config: '' }] }, 'web');
    const { status } = await stage.stalled('ApprovalRequired', 'web');
    assert.equal((await foreignPods(stage, 'web-app')).length, former.length);
    const [asked] = status?.rollout?.pendingApprovals ?? [];
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /Deployment web-app: spec\.selector would change/,
    );
    await stage.api.patch(stage.ref('Toy', 'web', 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: { [COMMANDS.approve]: asked?.token ?? '' } },
    ]);
    await stage.ready('web');
    assert.deepEqual(await foreignPods(stage, 'web-app'), []);
    const live = await stage.api.get(stage.ref('Deployment', 'web-app', 'apps'));
    assert.equal(readNumber(live, 'spec', 'replicas'), 2);
    assert.equal(await stage.api.get(stage.ref('ConfigMap', 'web-app.deployment.recreation')), undefined);
  });
});
