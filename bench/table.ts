import type { Idle, Measurement, Usage } from './measurement.ts';
import type { ContenderName } from './settings.ts';

/** How much longer than the peer ours may take. */
const TARGETS: Readonly<Record<string, number>> = {
  'install: ready': 1.5,
  'config upgrade': 1.5,
  'hand edit undone': 1.5,
};

/** The medians of all rounds, side by side, as markdown. */
export function tableOf(measurements: readonly Measurement[]): string {
  const sizes = [...new Set(measurements.map(({ resources }) => resources))];
  return [
    ...sizes.map((size) =>
      timesOf(
        measurements.filter(({ resources }) => resources === size),
        size,
      ),
    ),
    costTable(measurements),
    usageTable(measurements),
    idleTable(measurements),
    historyTable(measurements),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function timesOf(measurements: readonly Measurement[], size: number): string {
  const phases = [...new Set(measurements.flatMap(({ times }) => times.map(({ phase }) => phase)))];
  const rows = phases.map((phase) => {
    const [ours, peer] = (['ours', 'peer'] as const).map((name) => lastOf(measurements, name, phase));
    const ratio = ours !== undefined && peer !== undefined ? ours / peer : undefined;
    const target = TARGETS[phase];
    const verdict = ratio === undefined || target === undefined ? '' : ratio <= target ? 'met' : 'missed';
    return [
      phase,
      secondsOf(ours),
      secondsOf(peer),
      ratio?.toFixed(2) ?? '',
      target ? `≤ ${target}` : '',
      verdict,
    ];
  });
  const load = measurements.map(({ loadBefore }) => loadBefore.toFixed(1)).join(' ');
  const title = `${size} resource${size === 1 ? '' : 's'}, last one done, seconds (load of the machine before each: ${load})`;
  const broken = measurements.flatMap(({ contender, round, trouble }) =>
    trouble ? [`${contender} #${round} was broken off: ${trouble}`] : [],
  );
  return [title, markdown(['phase', 'ours', 'peer', 'ratio', 'target', ''], rows), ...broken].join('\n\n');
}

function lastOf(
  measurements: readonly Measurement[],
  contender: ContenderName,
  phase: string,
): number | undefined {
  const mine = measurements.filter((each) => each.contender === contender);
  return median(
    mine.flatMap(({ times }) => times.filter((time) => time.phase === phase).map(({ last }) => last)),
  );
}

/** Where the processor time of a phase went, summed over all processes, and what was asked of the API server meanwhile. */
function costTable(measurements: readonly Measurement[]): string {
  const processes = [
    ...new Set(
      measurements.flatMap(({ costs }) =>
        Object.values(costs).flatMap(({ cpuSeconds }) => Object.keys(cpuSeconds)),
      ),
    ),
  ];
  const rows = [
    ...Map.groupBy(measurements, ({ resources, contender }) => `${resources} ${contender}`).values(),
  ].flatMap((group) => {
    const phases = [...new Set(group.flatMap(({ costs }) => Object.keys(costs)))];
    return phases.map((phase) => {
      const all = group.flatMap(({ costs }) => costs[phase] ?? []);
      const seconds = processes.map(
        (name) => median(all.map(({ cpuSeconds }) => cpuSeconds[name] ?? 0)) ?? 0,
      );
      const requests = all.map((cost) => sumOf(Object.values(cost.requests)));
      return [
        String(group[0]?.resources),
        group[0]?.contender ?? '',
        phase,
        sumOf(seconds).toFixed(1),
        ...seconds.map((value) => (value > 0 ? value.toFixed(1) : '')),
        numberOf(median(requests), 0),
      ];
    });
  });
  return markdown(['resources', 'CPU seconds', 'of', 'sum', ...processes, 'API requests'], rows);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function usageTable(measurements: readonly Measurement[]): string {
  const rows = groupsOf(measurements).flatMap(([size, group]) => {
    const processes = [...new Set(group.flatMap(({ usage }) => Object.keys(usage)))];
    return processes.map((name) => {
      const all = group.flatMap(({ usage }) => usage[name] ?? []);
      return [String(size), name, numberOf(pick(all, 'cpuSeconds'), 1), numberOf(pick(all, 'peakMb'), 0)];
    });
  });
  return markdown(['resources', 'process', 'CPU seconds', 'peak resident MB'], rows);
}

function idleTable(measurements: readonly Measurement[]): string {
  const rows = measurements.flatMap(({ resources, contender, idle }) =>
    idle ? [[String(resources), contender, ...idleCells(idle)]] : [],
  );
  return markdown(['resources', 'idle', 'seconds', 'API reads', 'API writes', 'history events'], rows);
}

function idleCells({ seconds, reads, writes, historyEvents }: Idle): string[] {
  return [seconds, reads, writes, historyEvents].map(String);
}

function historyTable(measurements: readonly Measurement[]): string {
  const rows = measurements.flatMap(({ resources, histories }) => {
    if (!histories) return [];
    const { install, upgrade, state, leaks, searched } = histories;
    return [
      [
        String(resources),
        String(install ?? ''),
        String(upgrade ?? ''),
        state ? `${state.bytesPerObject} (${state.objects} objects, ${state.bytes} in all)` : '',
        leaks.length > 0 ? leaks.join(', ') : `none in ${searched}`,
      ],
    ];
  });
  const head = [
    'resources',
    'events of an install',
    'of an upgrade',
    'state, bytes an object',
    'planted words found',
  ];
  return markdown(head, rows);
}

function groupsOf(measurements: readonly Measurement[]): [number, Measurement[]][] {
  return [...Map.groupBy(measurements, ({ resources }) => resources)];
}

function pick(usages: readonly Usage[], field: keyof Usage): number | undefined {
  return median(usages.map((usage) => usage[field]));
}

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function secondsOf(value: number | undefined): string {
  return numberOf(value, 2);
}

function numberOf(value: number | undefined, digits: number): string {
  return value?.toFixed(digits) ?? '';
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
