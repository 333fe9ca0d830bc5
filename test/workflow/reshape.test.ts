import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stop } from '../../activities/failure.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

function sized(storage: string, config = '1'): ToySpec {
  return { order: ['broker'], nodes: [{ name: 'b', role: 'broker', config, storage }] };
}

const NAMES = [
  'growClaims',
  'releasePods',
  'recreateStatefulSet',
  'settleStatefulSet',
  'applyWorkloads',
] as const;

/** What changed the workload, in order, since the install. */
function changes(toy: Actor): readonly string[] {
  return toy.calls
    .map((call) => call.split(' ')[0] ?? '')
    .filter(
      (name) => NAMES.some((each) => each === name) || ['clearPods', 'restoreStatefulSets'].includes(name),
    )
    .slice(1);
}

describe('a StatefulSet that gets another shape', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  function whole(toy: Actor): void {
    toy.reshaping.shapes.set(toy.workload('b'), [
      { kind: 'grow', claims: [] },
      { kind: 'release', uid: '' },
      { kind: 'recreate' },
      { kind: 'settle' },
    ]);
  }

  it('takes each step once, and is applied only then, though its deletion is news', async () => {
    const toy = lab.actor();
    await toy.want(sized('1Gi'));
    await toy.ready();
    whole(toy);
    await toy.want(sized('2Gi'));
    await toy.ready();
    assert.deepEqual(changes(toy), NAMES);
    assert.match(toy.objects.get(toy.workload('b'))?.uid ?? '', /-anew$/);
  });

  it('of another selector is replaced step by step: it goes, its pods go, it is made anew', async () => {
    const toy = lab.actor();
    await toy.want(sized('1Gi'));
    await toy.ready();
    toy.reshaping.shapes.set(toy.workload('b'), [
      { kind: 'replace', uid: '', why: 'is replaced' },
      { kind: 'replace', uid: '', why: 'is replaced' },
      { kind: 'clear', pods: [{ name: 'b-0', uid: '' }] },
      { kind: 'recreate' },
      { kind: 'settle' },
    ]);
    await toy.want(sized('2Gi'));
    await toy.ready();
    assert.deepEqual(changes(toy).slice(0, 4), [
      'releasePods',
      'clearPods',
      'recreateStatefulSet',
      'settleStatefulSet',
    ]);
  });

  it('says what it waits for, and looks again', async () => {
    const toy = lab.actor();
    await toy.want(sized('1Gi'));
    await toy.ready();
    const wait = { kind: 'wait', reason: 'Resizing', message: 'data-b-0: 1Gi of 2Gi there' } as const;
    toy.reshaping.shapes.set(toy.workload('b'), [wait, wait, wait]);
    await toy.want(sized('2Gi'));
    await toy.until('the wait is told', () =>
      toy.statuses.some(({ conditions }) =>
        conditions.some(
          ({ type, reason, status }) => type === 'Ready' && reason === 'Resizing' && status === 'Unknown',
        ),
      ),
    );
    await toy.ready();
  });

  it('whose pod may not restart yet asks ever more slowly, whatever it hears meanwhile', async () => {
    const toy = lab.actor({ skipsTime: true });
    await toy.want(sized('1Gi'));
    await toy.ready();
    const restart = { kind: 'restart', pod: 'b-0', uid: '' } as const;
    const starting = { kind: 'wait', reason: 'Resizing', message: 'the file system is yet to grow' } as const;
    toy.reshaping.shapes.set(toy.workload('b'), [restart, restart, starting, ...Array(5).fill(restart)]);
    let asked = 0;
    toy.reshaping.restarts = () => ({
      done: false,
      reason: 'TooManyRequests',
      message: `the disruption budget guarded needs 2 healthy pods and has ${2 - (++asked % 2)}`,
    });
    await toy.want(sized('2Gi'));
    await toy.ready();
    assert.equal(asked, 7);
    const waits = (await toy.history()).timers().filter((seconds) => seconds > 0.5 && seconds < 60);
    const rounded = waits.map((seconds) => Math.round(seconds));
    assert.deepEqual(rounded.slice(-5), [8, 16, 30, 30, 30]);
  });

  it('is Stalled where it is refused, and Ready when the old shape is wanted again', async () => {
    const toy = lab.actor();
    await toy.want(sized('2Gi'));
    await toy.ready();
    toy.reshaping.shapes.set(toy.workload('b'), [
      { kind: 'refuse', reason: 'ClaimWouldShrink', message: '1Gi is less than the 2Gi it has' },
    ]);
    await toy.want(sized('1Gi'));
    await toy.stalled('ClaimWouldShrink');
    assert.deepEqual(changes(toy), []);
    await toy.want(sized('2Gi'));
    await toy.ready();
    assert.deepEqual(changes(toy), []);
  });

  it('is put back before it is taken down, when the resource is deleted in the middle', async () => {
    const toy = lab.actor();
    await toy.want(sized('1Gi'));
    await toy.ready();
    whole(toy);
    toy.failures.set('recreateStatefulSet', () => stop('Forbidden', 'not allowed'));
    await toy.want(sized('2Gi'));
    await toy.stalled('Forbidden');
    await toy.delete();
    await toy.handle.result();
    const ends = toy.calls.filter((call) => /^(restoreStatefulSets|pruneObjects StatefulSet)/.test(call));
    assert.equal(ends[0]?.split(' ')[0], 'restoreStatefulSets');
    assert.equal(ends.length, 2);
  });
});
