import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { eventually } from '../../testing/eventually.ts';

const RETENTION = '7 days';
/** Of gRPC. */
const ALREADY_EXISTS = 6;

/** Makes a namespace of Temporal, as soon as it answers and unless it is there. Resolves when the namespace is served. */
export async function createTemporalNamespace(address: string, namespace: string): Promise<void> {
  const connection = Connection.lazy({ address });
  const { workflowService } = connection;
  try {
    await eventually('Temporal makes its namespace', async () => {
      const workflowExecutionRetentionPeriod = msToTs(RETENTION);
      const made = workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
      return made.then(() => true).catch(unlessThere);
    });
    await eventually('Temporal serves its namespace', async () => {
      await workflowService.listWorkflowExecutions({ namespace });
      return true;
    });
  } finally {
    await connection.close();
  }
}

function unlessThere(error: unknown): true {
  if (isGrpcServiceError(error) && error.code === ALREADY_EXISTS) return true;
  throw error;
}
