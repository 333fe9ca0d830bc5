import { Context } from '@temporalio/activity';
import type { Manifest } from '../core/manifest.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';

/** Records what happened to external objects, each once however often the activity runs. */
export function recordEvents(
  { events }: Pick<Dependencies, 'events'>,
  regarding: Manifest,
  news: readonly (News & { readonly key: ObjectKey })[],
): void {
  const { workflowExecution, activityId } = Context.current().info;
  for (const { key, ...each } of news)
    events.record({ regarding, occurrence: `${workflowExecution?.runId} ${activityId} ${key}` }, each);
}
