/** Whether a worker that begins now would decide as those did that were here. */
import { historiesOf, openTemporal, replay, workflowBundle } from '../../worker/index.ts';
import type { FaultWorld } from './fault-world.ts';

/** In words: each workflow, running or ended, whose history is replayed otherwise than it was. */
export async function replayedOtherwise({ temporalAddress }: FaultWorld): Promise<readonly string[]> {
  const { client, close } = await openTemporal({ temporalAddress });
  const found: string[] = [];
  try {
    const histories = historiesOf(client, 'WorkflowType="reconcile"');
    for await (const { workflowId, difference } of replay({ bundle: await workflowBundle(), histories }))
      if (difference !== undefined) found.push(`${workflowId} is replayed otherwise: ${difference}`);
  } finally {
    await close();
  }
  return found;
}
