import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { stop } from '../../activities/failure.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { versionIn } from '../support/versions.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const UNREACHABLE = ApplicationFailure.create({
  type: 'Unreachable',
  message: 'the API server does not answer',
});

describe('trouble', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('of a spec that cannot be built is Stalled with PlanInvalid; nothing is deleted, and no timer runs', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.want({ ...FOUR_ROLES, nodes: [{ name: 'odd', role: 'unknown', config: '' }] });
    await toy.stalled('PlanInvalid');
    assert.match(toy.condition('Stalled')?.message ?? '', /spec\.nodes\[0\]\.role: "unknown" is no role/);
    assert.equal(toy.objects.size, 12);
    (await toy.history()).ran('pruneObjects', 0).noTimersWhenIdle();
    await toy.want(configured(FOUR_ROLES, 'x'));
    await toy.ready();
  });

  it('of a worker that dies in the middle of whatever it does is noticed within ten seconds', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.want({ ...FOUR_ROLES, nodes: configured(FOUR_ROLES, 'x').nodes.slice(1) });
    await toy.ready();
    (await toy.history()).noticesDeathWithin(10);
  });

  it('of one object that the server refuses names it, lets the others pass, and is tried again ever more slowly', async () => {
    const toy = lab.actor({ skipsTime: true });
    const key = `Service/${toy.ref.name}-broker`;
    toy.refused.set(key, 'spec.ports: Required value');
    await toy.want(FOUR_ROLES);
    await toy.until('Stalled', () => toy.condition('Stalled')?.reason === 'Invalid');
    const message = `Service ${toy.ref.name}-broker: spec.ports: Required value`;
    assert.equal(toy.condition('Stalled')?.message, message);
    await toy.until(
      'more tries',
      () => toy.calls.filter((call) => call === `applyServices ${key}`).length >= 3,
    );
    assert.equal(toy.objects.has(toy.workload('broker')), false);
    assert.ok(toy.objects.has(toy.workload('server')));
    toy.refused.clear();
    await toy.ready();
  });

  it('of an activity that fails for good is a condition, and the workflow runs on', async () => {
    const toy = lab.actor({ skipsTime: true });
    let forbidden = true;
    toy.failures.set('applyServices', () =>
      forbidden ? stop('Forbidden', 'toys may not create services') : undefined,
    );
    await toy.want(FOUR_ROLES);
    await toy.until('Stalled', () => toy.condition('Stalled')?.reason === 'Forbidden');
    assert.equal(toy.condition('Stalled')?.message, 'toys may not create services');
    assert.equal((await toy.handle.describe()).status.name, 'RUNNING');
    forbidden = false;
    await toy.ready();
  });

  it('of an API server that is away is Unreachable, and heals by itself', async () => {
    const toy = lab.actor({ skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    let away = true;
    toy.failures.set('planResource', () => (away ? UNREACHABLE : undefined));
    await toy.want(configured(FOUR_ROLES, 'x'));
    await toy.until('Unreachable', () => toy.condition('Ready')?.reason === 'Unreachable');
    assert.equal(toy.condition('Reconciling')?.status, 'True');
    away = false;
    await toy.ready();
  });

  it('of an API server that is away when a hint comes does not lose the hint', async () => {
    const toy = lab.actor({ skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    let away = true;
    toy.failures.set('observeObjects', () => (away ? UNREACHABLE : undefined));
    const config = versionIn(toy.objects.keys(), `ConfigMap/${toy.ref.name}-broker-config`);
    toy.edit(config);
    await toy.signal({ objects: [config] });
    await toy.until('Unreachable', () => toy.condition('Ready')?.reason === 'Unreachable');
    away = false;
    await toy.until('the repair', () => toy.objects.get(config)?.fields === 'all');
    await toy.ready();
  });

  it('of a status that cannot be written leaves it to be written later', async () => {
    const toy = lab.actor({ skipsTime: true });
    let away = true;
    toy.failures.set('patchStatus', () => (away ? UNREACHABLE : undefined));
    await toy.want(FOUR_ROLES);
    await toy.until('objects', () => toy.objects.size === 12);
    away = false;
    await toy.ready();
    const told = toy.news.filter((each) => each.startsWith('RolloutCompleted'));
    assert.equal(told.length, 1);
    (await toy.history()).noTimersWhenIdle();
  });

  it('of a plan that never is what was planned does not spin', async () => {
    const toy = lab.actor();
    toy.failures.set('applyConfigMaps', () => stop('PlanStale', 'it is built otherwise than it was planned'));
    await toy.want(FOUR_ROLES);
    await toy.until('PlanStale', () => toy.condition('Ready')?.reason === 'PlanStale');
    await toy.rests();
    assert.ok(toy.calls.filter((call) => call.startsWith('applyConfigMaps')).length < 10);
    toy.failures.clear();
    await toy.tellResource();
    await toy.ready();
  });

  it('of an activity that answers for nothing it was asked does not spin, and heals', async () => {
    const toy = lab.actor({ skipsTime: true });
    toy.silent.add('applyServices');
    await toy.want(FOUR_ROLES);
    await toy.until('Stalled', () => toy.condition('Stalled')?.reason === 'NoProgress');
    assert.match(toy.condition('Stalled')?.message ?? '', /applying Service .* was repeated \d+ times/);
    assert.ok(toy.calls.filter((call) => call.startsWith('applyServices')).length < 200);
    toy.silent.clear();
    await toy.ready();
  });

  it('of one category does not lose what another applied', async () => {
    const toy = lab.actor({ skipsTime: true });
    let refused = true;
    const gate = Promise.withResolvers<void>();
    toy.during.set('applyConfigMaps', () => gate.promise);
    toy.failures.set('applyServices', () => {
      gate.resolve();
      return refused ? stop('Forbidden', 'toys may not create services') : undefined;
    });
    await toy.want(FOUR_ROLES);
    await toy.until('Stalled', () => toy.condition('Stalled')?.reason === 'Forbidden');
    refused = false;
    await toy.ready();
    assert.equal(toy.calls.filter((call) => call.startsWith('applyConfigMaps')).length, 1);
  });
});
