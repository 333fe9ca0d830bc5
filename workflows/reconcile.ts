/**
 * One resource, for as long as it lives: look, decide, do, report, wait for news. What is decided is in `core/`; what
 * touches a server is in `activities/`. This workflow never fails: whatever goes wrong ends as a condition of the resource.
 *
 * **Guarantees**: one pass at a time per resource; every step survives a crash of any process; a newer spec is taken up
 * between any two steps. **Assumptions**: a hint may be lost, doubled or late; the bridge's resync finds what it told.
 */
import { ApplicationFailure } from '@temporalio/common';
import { allHandlersFinished, condition, continueAsNew, setHandler } from '@temporalio/workflow';
import type { ReconcileState } from '../core/rollout/state.ts';
import { Alarm } from './alarm.ts';
import { historyLength } from './clock.ts';
import { takeCommands } from './commands.ts';
import { Inbox } from './inbox.ts';
import type { Hint } from '../core/hint.ts';
import { hintIn } from '../core/hint.ts';
import type { ReconcileInput } from './messages.ts';
import { objectsChanged, resourceChanged, rolloutStatus } from './messages.ts';
import { Pass } from './pass.ts';
import { Reporter } from './reporter.ts';
import { SearchIndex } from './search-index.ts';

/** What a run hands to the next; plain JSON. */
export interface Carried {
  readonly state: ReconcileState;
  readonly hint: Hint;
}

/** A replay costs about 0.4 ms an event, so a short history is what makes a restart of a worker cheap. */
const LONG_HISTORY = 500;

/** What the one timer is for, whatever is waited for while it runs. */
const NO_NEWS = 'a deadline or a retry: looks again when no news has come before';

export async function reconcile(input: ReconcileInput, carried?: Carried): Promise<void> {
  if (!isInput(input))
    throw ApplicationFailure.nonRetryable(
      'reconcile is started with { resource, searchAttributes } by the bridge',
    );
  const inbox = new Inbox(carried?.hint);
  const alarm = new Alarm();
  const index = new SearchIndex(input);
  const pass = new Pass(input, carried?.state, { inbox, reporter: new Reporter(input, index) });
  const take = (value: unknown): void => {
    const hint = hintIn(value);
    if (hint.searchAttributes) index.turnOn();
    inbox.add(hint);
  };
  setHandler(resourceChanged, take, {
    description: 'The resource changed: look again.',
  });
  setHandler(objectsChanged, take, {
    description: 'Owned objects changed: look at them.',
  });
  setHandler(rolloutStatus, () => pass.status, {
    description: 'Where the resource stands, and what it waits for.',
  });
  takeCommands(input, pass, inbox);

  for (;;) {
    const rest = await pass.run(inbox.take());
    if (rest.kind === 'gone') {
      // Whoever asked something is answered, and may bring news.
      if (!inbox.hasNews) await condition(() => allHandlersFinished() || inbox.hasNews);
      if (!inbox.hasNews) break;
      // Another resource may have taken the name meanwhile.
      continue;
    }
    alarm.set(rest.wakeAt, NO_NEWS);
    if (historyLength() > LONG_HISTORY) {
      alarm.set(undefined, '');
      await condition(() => allHandlersFinished() && pass.isAlone);
      // A look on waking finds what the alarm would have said, and news that has come goes along: nothing is lost with the old run.
      const hint: Hint = rest.wakeAt === undefined ? inbox.take() : { ...inbox.take(), resync: true };
      const next = { ...input, searchAttributes: index.isWritten };
      await continueAsNew<typeof reconcile>(next, { state: pass.state, hint });
    }
    await condition(() => inbox.hasNews || alarm.hasRung);
  }
}

function isInput(input: Partial<ReconcileInput> | undefined): input is ReconcileInput {
  const { kind, name } = input?.resource ?? {};
  return typeof kind === 'string' && typeof name === 'string';
}
