import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ResourceStatus } from '../../../core/status/resource-status.ts';
import { eventually } from '../../../testing/eventually.ts';
import { freshNamespace } from '../../support/sandbox.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const MANY = 16;
/** The storm never ends by itself: whoever is starved is not Ready in any time. */

/** Its pods crash, and its second StatefulSet is refused: it is looked at again and again, and never done. */
function crashing(edit: number): ToySpec {
  return {
    ...TWO_ROLES,
    nodes: [
      { name: 'c', role: 'controller', config: `edit ${edit}`, image: 'toy:crash' },
      { name: 'b', role: 'broker', config: `edit ${edit}`, more: { replicas: -1 } },
    ],
  };
}

describe('a namespace full of resources that crash', () => {
  let stage: ToyStage;
  let other: string;
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
    other = await freshNamespace(stage.sandbox, 'toy-other');
    await stage.start({ allowedNamespaces: [stage.namespace, other] });
  });
  after(() => stage[Symbol.asyncDispose]());

  it('does not keep that of another namespace from becoming Ready while it storms', async () => {
    const names = Array.from({ length: MANY }, (_, count) => `crash${count}`);
    const ended = new AbortController();
    let edits = 0;
    const storm = async (name: string): Promise<void> => {
      while (!ended.signal.aborted) await stage.want(crashing(edits++), name);
    };
    await Promise.all(names.map((name) => stage.want(crashing(edits++), name)));
    const storms = Promise.all(names.slice(0, 4).map(storm));
    try {
      const metadata = { name: 'well', namespace: other };
      const manifest = { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata, spec: TWO_ROLES };
      await stage.api.apply(manifest, { fieldManager: 'kubectl' });
      await eventually('the other is Ready', async () => {
        const live = await stage.api.get({ ...stage.ref('Toy', 'well', 'toy.dev'), namespace: other });
        const status = live?.['status'] as ResourceStatus | undefined;
        return conditionOf(status, 'Ready')?.status === 'True';
      });
    } finally {
      ended.abort();
      await storms;
    }
    assert.ok(edits > 2 * MANY, `only ${edits} edits stormed meanwhile`);
    for (const name of names)
      await stage.until('it is told', (status) => conditionOf(status, 'Stalled')?.status === 'True', name);
  });
});
