/** Where a resource stands, and why: one word, one reason, one sentence. Pure functions of plan and state. */
import type { Terminating } from '../finalizers.ts';
import { heldLine } from '../finalizers.ts';
import { takesTurns, titleOf } from '../plan/categories.ts';
import { isPassing, OUR_REASONS } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import { troubledScalers } from './troubled-scalers.ts';
import type { Course } from '../rollout/course.ts';
import { unableOf } from '../rollout/course.ts';
import type { Hold } from '../rollout/hold.ts';
import type { Step } from '../rollout/step.ts';
import { deadlineOf } from '../rollout/deadlines.ts';
import { holdOf } from '../rollout/references.ts';
import { TRAPPED } from '../rollout/unblock.ts';
import { isLastingFailure } from '../rollout/call-again.ts';
import type {
  CallTrouble,
  GateAnswer,
  PlanFailure,
  PlanView,
  ReconcileState,
  Refusal,
  Trouble,
} from '../rollout/state.ts';
import { pruningLine, waitsLine } from './leaving.ts';
/** Where the resource stands, in one word and one sentence. */
export interface Verdict {
  /** `Held`: nothing is wrong, and somebody or a time is waited for. */
  readonly phase: 'Ready' | 'Progressing' | 'Held' | 'Degraded' | 'Stalled' | 'Deleting';
  readonly reason: string;
  readonly message: string;
}

export interface Situation {
  readonly state: ReconcileState;
  /** Absent while the resource is torn down, or was never planned. */
  readonly plan?: PlanView;
  readonly failure?: PlanFailure;
  /** The step that is being taken; absent before the first. */
  readonly step?: Step;
  /** Operator code that runs, and since when (RFC 3339). */
  readonly calling?: { readonly name: string; readonly since: string };
  readonly deleting?: boolean;
  /** `kubectl delete --cascade=foreground`: objects go in any order. */
  readonly foreground?: boolean;
  /** The resource itself is being deleted, and held by finalizers of others. */
  readonly terminating?: Terminating;
}

/** For example `Progressing (WaitingForHealth): StatefulSet pinot-broker: 0 of 1 replicas ready`. */
export function summaryOf({ phase, reason, message }: Verdict): string {
  return `${phase} (${reason}): ${message}`;
}

export function verdictOf(situation: Situation, now: number): Verdict {
  const { state, plan, failure, step, deleting } = situation;
  if (failure)
    return {
      phase: failure.passes ? (deleting ? 'Deleting' : 'Degraded') : 'Stalled',
      reason: failure.reason,
      message: failure.message,
    };
  const held = refusalOf(state);
  if (deleting) return deletingVerdict(situation, held ?? cleanupOf(state));
  if (!plan) return { phase: 'Progressing', reason: 'Installing', message: 'is being planned' };
  if (step?.kind === 'wait') {
    const stalled = stallOf(plan, state, step.on, now);
    const unable = unableOf(plan.course);
    if (unable !== undefined) return unableVerdict(unable, stalled);
    if (stalled) return stalled;
    if (held) return { ...stalledBy(held), phase: state.rollout ? 'Progressing' : 'Degraded' };
    const { trouble } = state.routine ?? {};
    if (step.on.length === 0 && trouble)
      return { phase: 'Degraded', reason: trouble.reason, message: trouble.message };
    if (step.hold)
      return {
        phase: phaseOf(step.hold),
        reason: step.hold.reason,
        message: step.hold.message,
      };
    if (step.on.length === 0) return settled(plan, state);
    if (step.on.every((key) => !(key in plan.refs)))
      return {
        phase: 'Progressing',
        reason: 'Pruning',
        message: `${listed(step.on)}: no longer desired, and not gone yet${pruningLine(step.on, state)}`,
      };
    const waiting = waitingFor(step.on, plan, state);
    const isReshaping = step.on.some((key) => state.reshaping?.[key]);
    const moves =
      state.rollout !== undefined || isReshaping || waiting.reason === OUR_REASONS.DependencyNotReady;
    return { phase: moves ? 'Progressing' : 'Degraded', ...waiting };
  }
  return (
    callVerdict(situation) ?? { phase: 'Progressing', reason: workOf(state), message: stepMessage(step) }
  );
}

/** Of a gate or a hook that is called: how it went the last time, and since when it runs where that is long. */
function callVerdict({ state, step, calling }: Situation): Verdict | undefined {
  if (step?.kind !== 'gate' && step?.kind !== 'hook') return undefined;
  const { key } = step;
  const running = calling ? `${calling.name} runs since ${calling.since}` : '';
  const gate = state.rollout?.passages[key]?.gate;
  const last = step.kind === 'gate' ? (gate === 'open' ? undefined : gate) : state.refusals[key];
  if (!last)
    return calling && { phase: 'Progressing', reason: workOf(state), message: `${titleOf(key)}: ${running}` };
  const said = 'why' in last ? gateTrouble(last) : refusalTrouble(last);
  const message = `${titleOf(key)}: ${said.message}${running ? `; ${running}` : ''}`;
  return {
    phase: isStalling(said.reason, last.attempts) ? 'Stalled' : 'Progressing',
    reason: said.reason,
    message,
  };
}

function unableVerdict(unable: string, stalled: Verdict | undefined): Verdict {
  const message = stalled ? `${unable}; ${stalled.message}` : unable;
  return { phase: 'Stalled', reason: OUR_REASONS.RollbackImpossible, message };
}

function phaseOf({ reason }: Hold): Verdict['phase'] {
  if (reason === OUR_REASONS.OrderUnclear) return 'Stalled';
  return reason === OUR_REASONS.Baking ? 'Progressing' : 'Held';
}

function workOf({ rollout }: ReconcileState): string {
  switch (rollout?.trigger) {
    case undefined:
      return 'Reconciling';
    case 'Install':
      return 'Installing';
    case 'Rollback':
      return 'RollingBack';
    default:
      return 'RollingOut';
  }
}

function settled({ refs, course }: PlanView, state: ReconcileState): Verdict {
  const troubled = troubledScalers(refs, state);
  const well = Object.keys(refs).length - troubled.length;
  const current = [`${count(well, 'object')} current`, ...troubled.map(({ line }) => line)].join('; ');
  if (course?.kind !== 'rolledBack') return { phase: 'Ready', reason: 'Reconciled', message: current };
  return { phase: 'Stalled', reason: 'RolledBack', message: quarantineLine(course) };
}

/** Why something else than the newest spec is there. */
export function quarantineLine({ good, quarantine }: Extract<Course, { kind: 'rolledBack' }>): string {
  const { generation, message } = quarantine;
  const by = quarantine.by ? ` by ${quarantine.by}` : '';
  return `generation ${generation} is not rolled out (${message}${by}); what was good at generation ${good.generation} takes its place until the spec changes`;
}

/** Why nothing will move by itself: something was refused, something fails, a stage is overdue. */
function stallOf(
  plan: PlanView,
  state: ReconcileState,
  on: readonly ObjectKey[],
  now: number,
): Verdict | undefined {
  const refused = refusalOf(state);
  if (refused?.isLasting) return stalledBy(refused);
  const closed = on.flatMap((key) => {
    const gate = state.rollout?.passages[key]?.gate;
    return gate && gate !== 'open' && isStalling(gate.reason, gate.attempts) ? [[key, gate] as const] : [];
  })[0];
  if (closed) {
    const { reason, message } = gateTrouble(closed[1]);
    return { phase: 'Stalled', reason, message: `${titleOf(closed[0])}: ${message}` };
  }
  const failed = on.find((key) => state.inventory[key]?.health === 'Failed');
  if (failed)
    return {
      phase: 'Stalled',
      reason: remoteReason(state.unhealthy[failed]) ?? OUR_REASONS.WorkloadFailed,
      message: troubleLine(failed, troubleOf(failed, state)),
    };
  const holds = on.map((key) => [key, holdOf(key, plan, state)] as const);
  const missing = holds.find(([, hold]) => hold && hold.reason !== OUR_REASONS.DependencyNotReady);
  if (missing?.[1])
    return { phase: 'Stalled', reason: missing[1].reason, message: troubleLine(missing[0], missing[1]) };
  const moving = holds.filter(([key, hold]) => !hold && takesTurns(key)).map(([key]) => key);
  const overdue = moving.find((key) => (deadlineOf(key, plan, state) ?? Infinity) <= now);
  if (!overdue) return undefined;
  const within = `not through within ${Math.round(plan.stageDeadlineMs / 1000)} s`;
  const { message } = waitingFor([overdue], plan, state);
  return { phase: 'Stalled', reason: 'RolloutTimedOut', message: `${within}; ${message}` };
}

type Refused = Trouble & Partial<Pick<Refusal, 'attempts' | 'ofCall'>>;

/** Trouble, and whether somebody must end it. */
interface Held extends Pick<Verdict, 'reason' | 'message'> {
  readonly isLasting: boolean;
}

/** Of what was refused, to write or to read, the first that somebody must end, or else the first. */
function refusalOf({ refusals, unread }: ReconcileState): Held | undefined {
  const all: readonly (readonly [string, Refused])[] = [
    ...Object.entries(refusals),
    ...Object.entries(unread ?? {}),
  ];
  const isLasting = ({ reason, attempts = 1 }: Refused): boolean => isStalling(reason, attempts);
  const [key, refusal] = all.find(([, each]) => isLasting(each)) ?? all[0] ?? [];
  if (key === undefined || !refusal) return undefined;
  const more = all.length > 1 ? ` (and ${count(all.length - 1, 'more object')})` : '';
  const { reason, message } = refusalTrouble(refusal);
  const title = key.includes('/') ? titleOf(key) : key;
  return { reason, message: `${title}: ${message}${more}`, isLasting: isLasting(refusal) };
}

/** Why the author's `onDelete` did not run through. */
function cleanupOf({ cleanup }: ReconcileState): Held | undefined {
  if (!cleanup) return undefined;
  const { reason, attempts } = cleanup;
  return { ...triedAgain(cleanup), isLasting: isStalling(reason, attempts) };
}

function stalledBy({ reason, message }: Held): Verdict {
  return { phase: 'Stalled', reason, message };
}

/** Whether it does not get better by itself. */
function isStalling(reason: string | undefined, attempts: number): boolean {
  return reason !== undefined && !isPassing(reason) && isLastingFailure(reason, attempts);
}

function refusalTrouble({ attempts = 1, ofCall, ...trouble }: Refused): Pick<Verdict, 'reason' | 'message'> {
  return ofCall ? triedAgain({ ...trouble, attempts }) : trouble;
}

function gateTrouble({ why, reason, since, attempts }: GateAnswer): Pick<Verdict, 'reason' | 'message'> {
  if (reason === undefined) return { reason: OUR_REASONS.GateClosed, message: why };
  return triedAgain({ reason, message: why, since, attempts });
}

/** What failed, how often, and since when. */
function triedAgain({
  reason,
  message,
  since,
  attempts,
}: Omit<CallTrouble, 'retryAt'>): Pick<Verdict, 'reason' | 'message'> {
  const often = attempts > 1 ? ` (attempt ${attempts}, failing since ${since})` : '';
  return { reason, message: `${message}${often}` };
}

function waitingFor(
  on: readonly ObjectKey[],
  plan: PlanView,
  state: ReconcileState,
): { reason: string; message: string } {
  const first = on.find((key) => state.reshaping?.[key]) ?? on[0] ?? '';
  const others = on.filter((key) => key !== first);
  const gate = state.rollout?.passages[first]?.gate;
  const more = others.length > 0 ? ` (and ${listed(others)})` : '';
  if (gate && gate !== 'open' && !state.unhealthy[first]) {
    const { reason, message } = gateTrouble(gate);
    return { reason, message: `${titleOf(first)}: ${message}${more}` };
  }
  const special = state.reshaping?.[first] ?? holdOf(first, plan, state);
  if (special) return { reason: special.reason, message: `${troubleLine(first, special)}${more}` };
  const trouble = troubleOf(first, state);
  const reason = remoteReason(trouble) ?? OUR_REASONS.WaitingForHealth;
  return { reason, message: `${troubleLine(first, trouble)}${more}` };
}

/** A server of its own says more than that an object is not well. */
function remoteReason(trouble: Trouble | undefined): string | undefined {
  const isRemote =
    trouble?.reason === OUR_REASONS.Unreachable || trouble?.reason === OUR_REASONS.RemoteRefused;
  return isRemote ? trouble.reason : undefined;
}

/** Why an object is not well; with what keeps a pod that holds it up from being replaced. */
function troubleOf(key: ObjectKey, { unhealthy, unblocking }: ReconcileState): Trouble | undefined {
  const trouble = unhealthy[key];
  const why = trouble?.reason === TRAPPED ? unblocking?.[key]?.why : undefined;
  return trouble && why ? { ...trouble, message: `${trouble.message}; ${why}` } : trouble;
}

function troubleLine(key: ObjectKey, trouble: Trouble | undefined): string {
  return trouble ? `${titleOf(key)}: ${trouble.message}` : `${titleOf(key)} is awaited`;
}

function stepMessage(step: Step | undefined): string {
  switch (step?.kind) {
    case undefined:
    case 'wait':
      return 'is being reconciled';
    case 'claim':
      return `looking for ${listed(step.keys)}`;
    case 'apply':
      return `applying ${listed(step.keys)}`;
    case 'revert':
      return `putting back ${listed(step.keys)} until its turn comes`;
    case 'unblock':
      return `${titleOf(step.key)}: replacing a pod that holds up its rollout`;
    case 'reshape':
      return `${titleOf(step.key)}: changing what cannot be changed in place`;
    case 'restore':
      return `putting back ${listed(step.keys)}`;
    case 'prune':
      return `deleting ${listed(step.keys)}, no longer desired`;
    case 'gate':
      return `${titleOf(step.key)}: asking gate ${step.gate}`;
    case 'hook':
      return `${titleOf(step.key)}: running hook ${step.hook}`;
  }
}

function deletingVerdict(situation: Situation, held: Held | undefined): Verdict {
  const { state, foreground, calling, terminating } = situation;
  const running = calling ? `${calling.name} runs since ${calling.since}; ` : '';
  const others = terminating ? `; the resource is ${heldLine(terminating)}` : '';
  const message = `${running}${deletingMessage(state)}${others}`;
  if (!held && foreground)
    return {
      phase: 'Deleting',
      reason: OUR_REASONS.ForegroundDeletion,
      message: `deleted with --cascade=foreground, so the garbage collector deletes objects in any order; ${message}`,
    };
  if (!held) return { phase: 'Deleting', reason: OUR_REASONS.Deleting, message };
  const phase = held.isLasting ? 'Stalled' : 'Deleting';
  return { phase, reason: held.reason, message: `${held.message}; ${message}` };
}

function deletingMessage(state: ReconcileState): string {
  const left = Object.keys(state.inventory);
  if (left.length === 0) return state.unread ? 'nothing else is left' : 'nothing is left';
  return `${waitsLine(left, state)}${count(left.length, 'object')} left: ${listed(left)}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function listed(keys: readonly ObjectKey[]): string {
  const shown = keys.slice(0, 4).map(titleOf).join(', ');
  return keys.length > 4 ? `${shown} and ${keys.length - 4} more` : shown;
}
