import { existsSync, readFileSync } from 'node:fs';
import type { Usage } from './measurement.ts';

/** Linux tells processor time in hundredths of a second. */
const TICKS = 100;

/** What a process has used so far; undefined where the system has no /proc. */
export function usageOf(pid: number): Usage | undefined {
  const cpuSeconds = cpuSecondsOf(pid);
  if (cpuSeconds === undefined) return undefined;
  const [, peakKb = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { cpuSeconds, peakMb: Math.round(Number(peakKb) / 1024) };
}

/** Of its memory what is in the machine's now. */
export function residentMbOf(pid: number): number {
  const [, kb = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kb) / 1024);
}

export function cpuSecondsOf(pid: number): number | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name, which may hold anything; its end is the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
