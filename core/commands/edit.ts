/**
 * What a command makes of its annotation. It is written over what stands there by then, so that commands of one moment add to each
 * other, whoever gives them; written twice it is as written once. Pure.
 */
import { COMMANDS } from '../labels.ts';
import type { Approval, Orders, Pause } from './orders.ts';
import type { Restarts } from './restart.ts';
import { restartsLeft, restartsWith } from './restart.ts';

export type Edit =
  | { readonly kind: 'set'; readonly name: string; readonly text: string }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'pause'; readonly pause: Pause }
  /** `spent`: tokens that approve nothing any more. */
  | { readonly kind: 'approve'; readonly approvals: readonly Approval[]; readonly spent: readonly string[] }
  /** `done`: what was restarted so far. */
  | { readonly kind: 'restart'; readonly restart: object; readonly done: Restarts };

export function annotationOf(edit: Edit): string {
  return 'name' in edit ? edit.name : NAMES[edit.kind];
}

const NAMES = {
  pause: COMMANDS.pause,
  approve: COMMANDS.approve,
  restart: COMMANDS.restartedAt,
} as const;

/**
 * The annotation with the command in it; undefined: without it.
 *
 * @param orders what stands in the annotations now.
 * @param text the annotation as it is now.
 * @param now epoch milliseconds: what has expired is left out.
 */
export function edited(
  edit: Edit,
  { orders, text, now }: { readonly orders: Orders; readonly text: string | undefined; readonly now: number },
): string | undefined {
  switch (edit.kind) {
    case 'set':
      return edit.text;
    case 'remove':
      return undefined;
    case 'pause':
      return withPause(orders.pauses, edit.pause, now);
    case 'approve':
      return withApprovals(orders.approvals, edit, now);
    case 'restart':
      return withRestart(text, edit);
  }
}

/** The same person pauses the same thing once. */
function withPause(pauses: readonly Pause[] = [], pause: Pause, now: number): string {
  const same = ({ scope, by }: Pause): string => JSON.stringify([scope, by]);
  const kept = pauses.filter(
    (each) => (each.until === undefined || now < each.until) && same(each) !== same(pause),
  );
  return JSON.stringify([...kept, pause].map(writtenPause));
}

function writtenPause({ scope, until, ...rest }: Pause): object {
  return {
    ...(typeof scope === 'object' ? scope : { scope }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...rest,
  };
}

/** A later restart of the same roles takes the place of one that was not carried out yet. */
function withRestart(
  known: string | undefined,
  { restart, done }: Extract<Edit, { kind: 'restart' }>,
): string {
  const left = restartsLeft(known, restartsWith(done, JSON.stringify(restart)));
  return JSON.stringify([...left, restart]);
}

function withApprovals(
  known: readonly Approval[] = [],
  { approvals, spent }: Extract<Edit, { kind: 'approve' }>,
  now: number,
): string {
  const replaced = new Set([...spent, ...approvals.map(({ token }) => token)]);
  const kept = known.filter(
    ({ token, expires }) => !replaced.has(token) && (expires === undefined || now < expires),
  );
  return JSON.stringify(
    [...kept, ...approvals].map(({ expires, ...each }) => ({
      ...each,
      ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
    })),
  );
}
