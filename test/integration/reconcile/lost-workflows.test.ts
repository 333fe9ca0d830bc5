import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../../core/labels.ts';
import type { Restarts } from '../../../core/commands/restart.ts';
import { eventually } from '../../../testing/eventually.ts';
import { objectsChanged, rolloutStatus } from '../../../workflows/messages.ts';
import type { Interrupt } from '../../support/interruptions.ts';
import { forget, terminate } from '../../support/interruptions.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const NAMES = ['r1', 'r2', 'r3', 'r4'];

describe('a resource at rest whose workflow is lost', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  /** Loses the workflow; another is started as the bridge does it, and is at rest. */
  async function lose(name: string, interrupt: Interrupt): Promise<void> {
    const workflowId = stage.workflowId(name);
    const { kind, plural, group, version } = stage.operator.resource;
    const resource = { group, version, kind, plural, namespace: stage.namespace, name };
    await stage.temporal(async (client) => {
      await interrupt(client, workflowId);
      const handle = await client.workflow.signalWithStart('reconcile', {
        workflowId,
        taskQueue: stage.taskQueue,
        args: [{ resource, searchAttributes: false }],
        signal: objectsChanged,
        signalArgs: [{ resync: true }],
      });
      await eventually(`${workflowId} is at rest`, async () => {
        const { summary } = await handle.query(rolloutStatus);
        return /^(Ready|Held|Stalled) /.test(summary);
      });
      await stage.historyLength(name);
    });
  }

  async function stateOf(names: readonly string[]): Promise<readonly unknown[]> {
    return Promise.all(
      names.map(async (name) => {
        const { metadata, status } = (await stage.resource(name)) ?? {};
        return { status, resourceVersion: metadata?.resourceVersion };
      }),
    );
  }

  async function eventsOf(names: readonly string[]): Promise<readonly string[]> {
    const events = (await stage.events()).filter(({ regarding }) => names.includes(regarding.name));
    return events.map(({ regarding, reason, note }) => `${regarding.name} ${reason} ${note}`).toSorted();
  }

  it('keeps its status to the byte and gets no event, whether terminated or forgotten', async () => {
    await Promise.all(NAMES.map((name) => stage.want(TWO_ROLES, name)));
    await Promise.all(NAMES.map((name) => stage.ready(name)));
    // One of them has a history.
    await stage.want(
      { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config: 'x=2' })) },
      'r1',
    );
    await stage.ready('r1');
    await Promise.all(NAMES.map((name) => stage.historyLength(name)));
    const [states, events] = [await stateOf(NAMES), await eventsOf(NAMES)];
    await Promise.all(NAMES.map((name, index) => lose(name, index % 2 === 0 ? terminate : forget)));
    assert.deepEqual(await stateOf(NAMES), states);
    // Once more: what the second one was given back is what the first one had.
    await Promise.all(NAMES.map((name) => lose(name, terminate)));
    assert.deepEqual(await stateOf(NAMES), states);
    assert.deepEqual(await eventsOf(NAMES), events);
  });

  it('remembers restarts of which no annotation is left, and pauses', async () => {
    await stage.want(TWO_ROLES, 'paused');
    await stage.ready('paused');
    const path = '/metadata/annotations';
    const ref = stage.ref(stage.operator.resource.kind, 'paused', 'toy.dev');
    const restart = { [COMMANDS.restartedAt]: '2026-01-01T00:00:00Z' };
    await stage.api.patch(ref, [{ op: 'add', path, value: restart }]);
    const pause = '{"scope":"rollouts","by":"ann"}';
    const isRestarted = (restarts: Restarts | undefined): boolean => Object.keys(restarts ?? {}).length > 0;
    await stage.until(
      'it restarted',
      ({ memory, rollout }) => isRestarted(memory?.restarts) && rollout?.finishedAt !== undefined,
      'paused',
    );
    await stage.ready('paused');
    await stage.api.patch(ref, [{ op: 'add', path, value: { [COMMANDS.pause]: pause } }]);
    await stage.until('Paused', (status) => conditionOf(status, 'Paused') !== undefined, 'paused');
    await stage.historyLength('paused');
    const [states, events] = [await stateOf(['paused']), await eventsOf(['paused'])];
    await lose('paused', terminate);
    assert.deepEqual(await stateOf(['paused']), states);
    assert.deepEqual(await eventsOf(['paused']), events);
  });

  it('is changed where the spec changed meanwhile, and where an object went', async () => {
    await stage.want(TWO_ROLES, 'edited');
    await stage.ready('edited');
    await stage.stop();
    const spec: ToySpec = {
      ...TWO_ROLES,
      nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config: 'x=3' })),
    };
    await stage.want(spec, 'edited');
    await stage.start();
    await lose('edited', terminate);
    const { status } = await stage.ready('edited');
    assert.equal(status?.rollout?.trigger, 'Change');
  });
});
