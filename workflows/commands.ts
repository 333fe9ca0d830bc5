import { ApplicationFailure } from '@temporalio/common';
import { condition, setHandler } from '@temporalio/workflow';
import * as commands from '../core/commands/commands.ts';
import type { Granted } from '../core/commands/commands.ts';
import { arrivalTime } from './clock.ts';
import { write } from './activities.ts';
import type { Inbox } from './inbox.ts';
import type { CommandAnswer, CommandUpdate, ReconcileInput } from './messages.ts';
import { UPDATES } from './messages.ts';
import type { Pass } from './pass.ts';

/** The first plan is there within. */
const KNOWN_WITHIN = '10 seconds';

/** A plain error would fail the workflow's task, and nobody would be answered. */
function refused(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'CommandRefused', message, nonRetryable: true });
}

function granted(decide: () => Granted): Granted {
  try {
    return decide();
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Takes commands as Temporal Updates: refused with the reason when they make no sense now, else written to the resource,
 * where they take effect like those that were written there by hand.
 */
export function takeCommands({ resource }: ReconcileInput, pass: Pass, inbox: Inbox): void {
  const take = <Request>(
    update: CommandUpdate<Request>,
    description: string,
    decide: (request: Request) => Granted,
  ): void =>
    setHandler(
      update,
      async (request): Promise<CommandAnswer> => {
        // What the resource asks for is not known in the first moment of a workflow, nor while it is planned again.
        await condition(() => !pass.isBlind, KNOWN_WITHIN);
        const { uid } = pass.state;
        if (uid === undefined || pass.isBlind)
          throw refused('the resource was not read yet; ask again in a moment');
        const { edit, message } = granted(() => decide(request));
        const { annotateResource } = write(`command ${update.name}: ${message}`);
        await annotateResource(resource, uid, edit, arrivalTime());
        inbox.add({ resync: true });
        return { message };
      },
      {
        description,
        validator: (request) => {
          commands.checkRequest(request);
          if (!pass.isBlind) decide(request);
        },
      },
    );
  const { approve, rollBack, retry, pause, resume, restart, abandon } = UPDATES;
  take(approve, 'Approves what waits for an approval.', (request) =>
    commands.approve(pass.situation, request, arrivalTime()),
  );
  take(rollBack, 'Goes back to the last good set of objects; the spec stays.', (request) =>
    commands.rollBack(pass.situation, request),
  );
  take(retry, 'Tries at once what was refused or is waited for.', (request) =>
    commands.retry(pass.situation, request, arrivalTime()),
  );
  take(pause, 'Changes nothing, or restarts nothing, until it is resumed.', (request) =>
    commands.pause(pass.situation, request, arrivalTime()),
  );
  take(resume, 'Ends every pause.', (request) => commands.resume(pass.situation, request));
  take(restart, 'Restarts pods in order, through the gates.', (request) =>
    commands.restart(pass.situation, request, arrivalTime()),
  );
  take(abandon, 'Ends a deletion without what it waits for.', (request) =>
    commands.abandon(pass.situation, request),
  );
}
