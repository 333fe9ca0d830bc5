import { Context } from '@temporalio/activity';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ResourceRef } from '../core/refs.ts';
import type { Removal } from '../core/rollout/fold.ts';
import type { Dependencies } from './dependencies.ts';
import type { Handle } from './external-object.ts';
import { handling } from './external-object.ts';
import { failureOf } from './failure.ts';
import type { PruneItem } from './prune-objects.ts';

/**
 * Removes external objects from their servers, side by side, and says which are gone. One that cannot be removed is
 * reported, and stays in the inventory: nothing is forgotten because its server is away.
 */
export async function removeExternals(
  dependencies: Dependencies,
  resource: ResourceRef,
  items: readonly PruneItem[],
): Promise<readonly Removal[]> {
  const { api, events } = dependencies;
  const { info } = Context.current();
  const manifest = await api.get(resource).catch((error: unknown) => {
    throw failureOf(error, items.map(({ key }) => titleOf(key)).join(', '));
  });
  // Held by our finalizer while there is something to remove: somebody took that away, and with it how to reach them.
  if (!manifest) return items.map(({ key }) => ({ key, outcome: 'gone' }));
  return Promise.all(
    items.map(async ({ key, retain }): Promise<Removal> => {
      const subject = {
        regarding: manifest,
        occurrence: `${info.workflowExecution?.runId} ${info.activityId} ${key}`,
      };
      if (retain) {
        const note = `${titleOf(key)} is no longer desired, and kept where it is`;
        events.record(subject, { type: 'Normal', reason: 'Retained', action: 'Retain', note });
        return { key, outcome: 'retained' };
      }
      const done = await handling(dependencies, manifest, key, takeAway);
      if (typeof done === 'object') return { key, outcome: 'refused', ...done };
      if (done === 'staying')
        return { key, outcome: 'refused', reason: OUR_REASONS.Deleting, message: 'its server still has it' };
      if (done === 'removed')
        events.record(subject, {
          type: 'Normal',
          reason: 'Deleted',
          action: 'Delete',
          note: `deleted ${titleOf(key)}`,
        });
      return { key, outcome: 'gone' };
    }),
  );
}

async function takeAway(handle: Handle): Promise<'absent' | 'removed' | 'staying'> {
  const before = await handle.observe();
  if (before === undefined) return 'absent';
  await handle.remove(before);
  return (await handle.observe()) === undefined ? 'removed' : 'staying';
}
