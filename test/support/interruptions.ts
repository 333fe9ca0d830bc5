/** What people and accidents do to a running workflow, each by Temporal's own API. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { eventually } from '../../testing/eventually.ts';

export type Interrupt = (client: Client, workflowId: string) => Promise<unknown>;

const NAMESPACE = 'default';
const ONE_HOUR_MS = 3_600_000;
const { EventType, CommandType } = proto.temporal.api.enums.v1;

export const terminate: Interrupt = (client, workflowId) =>
  client.workflow.getHandle(workflowId).terminate('a test of memory');

/** Resolves when it has ended: what it is told before is lost with it. */
export const cancel: Interrupt = async (client, workflowId) => {
  const handle = client.workflow.getHandle(workflowId);
  await handle.cancel();
  await eventually(`${workflowId} is cancelled`, async () => {
    const { status } = await handle.describe();
    return status.name === 'CANCELLED';
  });
};

/** Nothing of it is left in Temporal, as when Temporal is wiped. */
export const forget: Interrupt = async (client, workflowId) => {
  await client.workflowService.deleteWorkflowExecution({
    namespace: NAMESPACE,
    workflowExecution: { workflowId },
  });
  await eventually(`${workflowId} is forgotten`, () =>
    client.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        () => false,
        () => true,
      ),
  );
};

export const resetToBegin: Interrupt = (client, workflowId) => reset(client, workflowId, 'first');

export const resetToLast: Interrupt = (client, workflowId) => reset(client, workflowId, 'last');

async function reset(client: Client, workflowId: string, which: 'first' | 'last'): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const completed = (events ?? []).filter(
    ({ eventType }) => eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  );
  const task = completed.at(which === 'first' ? 0 : -1);
  if (!task?.eventId) throw new Error(`${workflowId} has completed no workflow task`);
  await client.workflowService.resetWorkflowExecution({
    namespace: NAMESPACE,
    workflowExecution: { workflowId, runId },
    reason: 'a test of memory',
    workflowTaskFinishEventId: task.eventId,
    requestId: randomUUID(),
  });
}

/** No other worker may poll the task queue. */
export function fail(client: Client, workflowId: string, taskQueue: string): Promise<void> {
  return answer(client, workflowId, taskQueue, {
    commandType: CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
    failWorkflowExecutionCommandAttributes: {
      failure: { message: 'a test of memory', applicationFailureInfo: { type: 'Broken' } },
    },
  });
}

/** A decision stands in its history that its code would never make. No other worker may poll the task queue. */
export function mislead(client: Client, workflowId: string, taskQueue: string): Promise<void> {
  return answer(client, workflowId, taskQueue, {
    commandType: CommandType.COMMAND_TYPE_START_TIMER,
    startTimerCommandAttributes: { timerId: 'a test of memory', startToFireTimeout: msToTs(ONE_HOUR_MS) },
  });
}

/** Answers its next task in the place of its worker. */
async function answer(
  client: Client,
  workflowId: string,
  taskQueue: string,
  command: proto.temporal.api.command.v1.ICommand,
): Promise<void> {
  const { workflowService } = client;
  await client.workflow.getHandle(workflowId).signal('objectsChanged', {});
  await eventually(`a task of ${workflowId}`, async () => {
    const { taskToken, workflowExecution } = await workflowService.pollWorkflowTaskQueue({
      namespace: NAMESPACE,
      taskQueue: { name: taskQueue },
      identity: 'a test of memory',
    });
    if (workflowExecution?.workflowId !== workflowId) return false;
    await workflowService.respondWorkflowTaskCompleted({
      namespace: NAMESPACE,
      taskToken,
      commands: [command],
    });
    return true;
  });
}
