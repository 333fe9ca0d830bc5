/** The page a person sees in Temporal UI: where the resource stands, stage by stage, and what waits for what since when. */
import { titleOf } from '../plan/categories.ts';
import { reportRollout } from '../rollout/fold-progress.ts';
import { holdOf } from '../rollout/references.ts';
import type { RoutineState } from '../rollout/routine.ts';
import { rfc3339 } from '../rollout/times.ts';
import { scalersIn } from '../rollout/scaling.ts';
import { COMMANDS } from '../labels.ts';
import { rollbackTarget } from '../rollout/course.ts';
import { pausesAt } from '../rollout/hold.ts';
import { pendingApprovals, subjectOf } from './pending-approvals.ts';
import type { ObjectKey } from '../refs.ts';
import type { Situation, Verdict } from './verdict.ts';

/** Markdown; bounded, whatever the size of the resource. */
export function detailsOf(situation: Situation, verdict: Verdict, title: string): string {
  const { state, plan } = situation;
  const parts = [`## ${title}`, `**${verdict.phase}** (${verdict.reason}): ${verdict.message}`];
  if (state.rollout && plan) {
    const { trigger, generation, startedAt, stages } = reportRollout(state.rollout, plan);
    parts.push(`### ${trigger} of generation ${generation}, since ${moment(startedAt)}`);
    if (stages.length > 0) parts.push(stageTable(stages));
  } else if (state.journal[0]) {
    const { trigger, generation, finishedAt, seconds, stages } = state.journal[0];
    parts.push(
      `### Last rollout: ${trigger} of generation ${generation}, finished ${moment(finishedAt)}, ${seconds} s`,
    );
    if (stages.length > 0) parts.push(stageTable(stages));
  }
  const waits = situation.step?.kind === 'wait' ? waitTable(situation.step.on, situation) : '';
  if (waits) parts.push('### Waiting for', waits);
  if (state.routine) parts.push(routineLine(state.routine));
  const scaled = scalersIn(state.inventory);
  if (scaled.length > 0) parts.push('### Replicas that others decide about', scaleTable(scaled));
  const deeds = deedsOf(situation, title);
  if (deeds.length > 0) parts.push('### What can be done', deeds.map((deed) => `- ${deed}`).join('\n'));
  if (plan && plan.warnings.length > 0)
    parts.push('### Notes', plan.warnings.map((warning) => `- ${warning}`).join('\n'));
  parts.push(`${Object.keys(state.inventory).length} objects in the inventory.`);
  return parts.join('\n\n');
}

/** For people who have only kubectl. */
function deedsOf(situation: Situation, title: string): readonly string[] {
  const { plan, state, deleting } = situation;
  const [kind = '', place = ''] = title.split(' ');
  const [name = '', namespace] = place.split('/').reverse();
  const annotate = (text: string): string =>
    `\`kubectl annotate ${kind.toLowerCase()} ${name}${namespace ? ` -n ${namespace}` : ''} --overwrite ${text}\``;
  if (deleting) return [`end it without what it waits for: ${annotate(`${COMMANDS.abandon}=true`)}`];
  const deeds = pendingApprovals(situation).map(
    (asked) =>
      `approve ${subjectOf(asked, 'it')} (${asked.reason}): ${annotate(`${COMMANDS.approve}=${asked.token}`)}`,
  );
  if (pausesAt(plan?.orders, 0).length > 0) deeds.push(`resume: ${annotate(`${COMMANDS.pause}-`)}`);
  const target = plan?.newest && state.rollout && rollbackTarget(state, plan.newest);
  if (plan?.newest && target && plan.course?.kind !== 'rolledBack')
    deeds.push(
      `roll back to generation ${target.generation}: ${annotate(`${COMMANDS.rollback}=${plan.newest.generation}`)}`,
    );
  return deeds;
}

function stageTable(
  stages: readonly {
    name: string;
    state: string;
    startedAt?: string;
    seconds?: number;
  }[],
): string {
  const rows = stages.map(({ name, state, startedAt, seconds }) =>
    row(name, state, moment(startedAt), seconds === undefined ? '' : `${seconds} s`),
  );
  return [row('stage', 'state', 'since', 'took'), '|---|---|---|---|', ...rows].join('\n');
}

const SHOWN = 20;

function waitTable(on: readonly ObjectKey[], { state, plan }: Situation): string {
  if (on.length === 0) return '';
  const rows = on.slice(0, SHOWN).map((key) => {
    const refusal = state.refusals[key];
    const gate = state.rollout?.passages[key]?.gate;
    const closed =
      gate && gate !== 'open' ? { reason: 'GateClosed', message: gate.why, since: gate.since } : undefined;
    const hold = plan && holdOf(key, plan, state);
    const trouble = refusal ?? state.reshaping?.[key] ?? hold ?? state.unhealthy[key] ?? closed;
    return row(titleOf(key), trouble?.reason ?? '', trouble?.message ?? '', moment(trouble?.since));
  });
  const more = on.length > SHOWN ? [row(`and ${on.length - SHOWN} more`, '', '', '')] : [];
  return [row('object', 'reason', 'what it says', 'since'), '|---|---|---|---|', ...rows, ...more].join('\n');
}

function routineLine({ nextAt, trouble }: RoutineState): string {
  const next = `The routine runs next at ${moment(rfc3339(nextAt))}.`;
  return trouble ? `${next} ${trouble.reason} since ${moment(trouble.since)}: ${trouble.message}` : next;
}

function scaleTable(scaled: ReturnType<typeof scalersIn>): string {
  const rows = scaled.slice(0, SHOWN).map(({ key, by, replicas }) => row(titleOf(key), `${replicas}`, by));
  return [row('object', 'replicas', 'who decides'), '|---|---|---|', ...rows].join('\n');
}

/** Temporal UI puts nothing between two columns; a space that Markdown keeps does. */
const GAP = '\u00a0';

function row(...cells: readonly string[]): string {
  return `|${cells.map((text) => `${cell(text)}${GAP}${GAP}`).join('|')}|`;
}

function cell(text: string): string {
  return text.slice(0, 300).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** `2026-11-23 14:30:08 UTC`: what people read of an RFC 3339 time. */
function moment(time = ''): string {
  return time.replace(/^([\d-]+)T([\d:]+)(\.\d+)?Z$/, '$1 $2 UTC');
}
