/** What came of applied objects, as events tell it. */
import { Context } from '@temporalio/activity';
import type { Manifest } from '../core/manifest.ts';
import { isExternal, titleOf } from '../core/plan/categories.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import type { ApplyItem } from './apply-objects.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';

/** What came of one object, and of whom to tell it. */
export interface Attempt {
  readonly item: ApplyItem;
  /** As the server has it, or as it was refused. */
  readonly object: Manifest;
  readonly result: ApplyResult;
  /** It was as wanted: nobody need hear of it. */
  readonly unchanged?: boolean;
  /** What was there was deleted, since it could not be changed in place. */
  readonly replaced?: true;
}

/** One event for all that fared alike: a resource of many objects must not flood its namespace with news. */
export function tell(dependencies: Dependencies, regarding: Manifest, attempts: readonly Attempt[]): void {
  const { info } = Context.current();
  const news = attempts.filter(({ unchanged }) => !unchanged);
  for (const [reason, alike] of Map.groupBy(news, reasonOf)) {
    const [first, ...others] = alike;
    if (!first) continue;
    const { apiVersion, metadata } = first.object;
    const ref = parseObjectKey(first.item.key, regarding.metadata.namespace);
    const related = { apiVersion, ref, ...(metadata.uid ? { uid: metadata.uid } : {}) };
    dependencies.events.record(
      {
        regarding,
        ...(others.length === 0 && !isExternal(first.item.key) ? { related } : {}),
        occurrence: `${info.workflowExecution?.runId} ${info.activityId}`,
      },
      newsOf(reason, alike),
    );
  }
}

function reasonOf({ item, result, replaced }: Attempt): string {
  if (!result.applied) return result.reason;
  if (replaced) return 'Replaced';
  if (result.created) return 'Created';
  if (result.scaledOnly) return 'Scaled';
  return item.cause === 'drift' ? 'DriftRepaired' : 'Updated';
}

function newsOf(reason: string, attempts: readonly Attempt[]): News {
  const titles = attempts.map(({ item }) => titleOf(item.key)).join(', ');
  switch (reason) {
    case 'Created':
      return { type: 'Normal', reason, action: 'Create', note: `created ${titles}` };
    case 'Replaced': {
      const note = `deleted and created again, since a field of it cannot be changed in place: ${titles}`;
      return { type: 'Normal', reason, action: 'Create', note };
    }
    case 'Updated':
      return { type: 'Normal', reason, action: 'Update', note: `updated ${titles}` };
    case 'DriftRepaired': {
      const editors = [...new Set(attempts.flatMap(({ item }) => item.editors ?? []))];
      const who = editors.length > 0 ? `, changed by ${editors.join(', ')}` : '';
      return { type: 'Warning', reason, action: 'Update', note: `put back as desired: ${titles}${who}` };
    }
    case 'Scaled': {
      const scaled = attempts.map(
        ({ item }) =>
          `${titleOf(item.key)} to ${item.replicas}, ${item.returning ? 'a step towards what the resource asks for' : 'before its pods change'}`,
      );
      return { type: 'Normal', reason, action: 'Scale', note: `scaled ${scaled.join('; ')}` };
    }
    default: {
      const refusals = attempts.flatMap(({ result }) =>
        result.applied ? [] : [`${titleOf(result.key)}: ${result.message}`],
      );
      return { type: 'Warning', reason, action: 'Apply', note: refusals.join('; '), repeats: true };
    }
  }
}
