import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

describe('bad input', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  function statefulSet(name: string): Promise<unknown> {
    return stage.api.get(stage.ref('StatefulSet', name, 'apps'));
  }

  it('that `desired` refuses is told with its field, deletes nothing, and is forgotten when it is mended', async () => {
    await stage.want(TWO_ROLES, 'refused');
    await stage.ready('refused');
    const events = await stage.historyLength('refused');
    await stage.want({ ...TWO_ROLES, nodes: [{ name: 'x', role: 'unknown', config: '' }] }, 'refused');
    const { status } = await stage.stalled('PlanInvalid', 'refused');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^spec\.nodes\[0\]\.role: "unknown" is no role; use one of/,
    );
    assert.ok(await statefulSet('refused-b'));
    assert.ok((await stage.historyLength('refused')) < events + 30, 'it waits, and does not spin');
    await stage.want(TWO_ROLES, 'refused');
    await stage.ready('refused');
  });

  it('that `desired` did not expect is told with the file and the line that threw', async () => {
    await stage.want({ order: [] } as unknown as ToySpec, 'thrown');
    const { status } = await stage.stalled('PlanInvalid', 'thrown');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^TypeError: Cannot read properties of undefined .* \(at support\/toy-operator\.ts:\d+\)$/,
    );
  });

  it('of a change that is refused leaves the workload ready, and not updated', async () => {
    const [controller] = TWO_ROLES.nodes;
    assert.ok(controller);
    await stage.want({ ...TWO_ROLES, nodes: [controller] }, 'serving');
    await stage.ready('serving');
    const more = { minReadySeconds: -1 };
    await stage.want({ ...TWO_ROLES, nodes: [{ ...controller, more }] }, 'serving');
    const { status } = await stage.stalled('Invalid', 'serving');
    assert.deepEqual([status?.ready, status?.updated], ['1/1', '0/1']);
  });

  it('that takes an object of another owner is told with its name, and the other keeps it', async () => {
    await stage.want(TWO_ROLES, 'owner');
    const { metadata, apiVersion, kind } = await stage.ready('owner');
    const [controller, uid] = [true, metadata.uid ?? ''];
    await stage.api.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'taker-b',
        namespace: stage.namespace,
        ownerReferences: [{ apiVersion, kind, name: 'owner', uid, controller }],
      },
      spec: { ports: [{ port: 81 }] },
    });
    await stage.want(TWO_ROLES, 'taker');
    const { status } = await stage.stalled('OwnershipConflict', 'taker');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /Service taker-b: belongs to Toy \S+\/owner, and Toy \S+\/taker asks for the same name; rename one/,
    );
    const kept = await stage.api.get(stage.ref('Service', 'taker-b'));
    assert.equal(kept?.metadata.ownerReferences?.[0]?.name, 'owner');
    assert.ok(await statefulSet('taker-c'), 'what does not need it goes on');
    assert.equal(await statefulSet('taker-b'), undefined, 'what needs it waits');
  });

  it('of a workload that crashes halts the rollout: later stages are untouched, and the pod is named', async () => {
    await stage.want(TWO_ROLES, 'crashed');
    await stage.ready('crashed');
    const [controller, broker] = TWO_ROLES.nodes;
    assert.ok(controller && broker);
    const crashing = { ...controller, image: 'example.org/toy:crash' };
    await stage.want({ ...TWO_ROLES, nodes: [crashing, { ...broker, config: 'new' }] }, 'crashed');
    const { status } = await stage.stalled('WorkloadFailed', 'crashed');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /StatefulSet crashed-c: .*pod crashed-c-0.*CrashLoop/,
    );
    assert.equal(conditionOf(status, 'Ready')?.status, 'False');
    assert.equal(status?.stage, 'controller');
    const untouched = (await statefulSet('crashed-b')) as { metadata: { generation: number } };
    assert.equal(untouched.metadata.generation, 1);
    await eventually('the halt is told', async () =>
      (await stage.events()).some(({ reason, type }) => reason === 'WorkloadFailed' && type === 'Warning'),
    );
  });
});
