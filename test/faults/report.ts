/** What came of a run, for people. */
import type { Deed } from './audit-log.ts';

export interface Round {
  readonly faults: readonly string[];
  /** In milliseconds since 1970. */
  readonly beganAt: number;
  /** From the end of its last fault to a cluster as wanted. */
  readonly recoveryMs: number;
}

export interface CampaignReport {
  readonly seed: number;
  readonly rounds: readonly Round[];
  readonly changes: number;
  readonly edits: number;
  /** What the resources say and the cluster is not, when a round's patience was over. */
  readonly lost: readonly string[];
  /** Of the program to workloads. */
  readonly applies: number;
  /** Applies that changed nothing. */
  readonly duplicates: readonly Deed[];
  /** How each program that ended by itself did. */
  readonly ends: readonly string[];
  /** What broke a law, in words. */
  readonly violations: readonly string[];
}

export function isBroken({ lost, violations }: CampaignReport): boolean {
  return lost.length > 0 || violations.length > 0;
}

export function linesOf(report: CampaignReport): readonly string[] {
  const { rounds, applies, duplicates } = report;
  const recoveries = rounds.map(({ recoveryMs }) => recoveryMs);
  const rows: readonly (readonly [string, string])[] = [
    ['seed', String(report.seed)],
    ['faults injected', `${rounds.flatMap(({ faults }) => faults).length}, in ${rounds.length} rounds`],
    ['changes of specs', String(report.changes)],
    ['edits by hand', String(report.edits)],
    ['changes lost', String(report.lost.length)],
    ['laws broken', String(report.violations.length)],
    ['applies to workloads', String(applies)],
    ['duplicate writes', shareOf(duplicates.length, applies)],
    [
      'recovery time',
      `p50 ${seconds(percentile(recoveries, 0.5))}, p99 ${seconds(percentile(recoveries, 0.99))}`,
    ],
    ['programs that ended by themselves', String(report.ends.length)],
  ];
  return [
    ...rows.map(([name, value]) => `${name.padEnd(34)} ${value}`),
    '',
    ...tableOf(report),
    ...report.lost.map((each) => `lost: ${each}`),
    ...report.violations.map((each) => `broken: ${each}`),
    ...report.ends.map((each) => `ended by itself: ${each}`),
  ];
}

const COLUMNS = ['fault', 'times', 'slowest recovery', 'duplicate writes'] as const;

/** By the fault that began the round. */
function tableOf({ rounds, duplicates }: CampaignReport): readonly string[] {
  const rows = Array.from(
    Map.groupBy(rounds, ({ faults }) => faults[0] ?? '(none)'),
    ([fault, alike]) => {
      const slowest = Math.max(...alike.map(({ recoveryMs }) => recoveryMs));
      const during = duplicates.filter(({ at }) => alike.includes(roundAt(rounds, at) ?? NONE)).length;
      return [fault, String(alike.length), seconds(slowest), String(during)];
    },
  );
  const before = duplicates.filter(({ at }) => !roundAt(rounds, at)).length;
  if (before > 0) rows.unshift(['(install)', '', '', String(before)]);
  const widths = COLUMNS.map((name, index) =>
    Math.max(name.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  return [COLUMNS, ...rows].map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

const NONE: Round = { faults: [], beganAt: 0, recoveryMs: 0 };

function roundAt(rounds: readonly Round[], at: number): Round | undefined {
  return rounds.findLast(({ beganAt }) => beganAt <= at);
}

function shareOf(part: number, whole: number): string {
  return whole === 0 ? String(part) : `${part} (${Math.round((100 * part) / whole)} %)`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
