/** What the pods of a workload add to what its own counters say. */
import type { Manifest } from '../manifest.ts';
import type { Health } from './health.ts';
import type { PodTrouble } from './pod-trouble.ts';
import { podTrouble, worstFirst } from './pod-trouble.ts';
import { readText } from './read.ts';

export interface PodsOfWorkload {
  readonly pods: readonly Manifest[];
  readonly now: number | undefined;
  /** Whether a pod is of the revision that is being rolled out. */
  readonly isUpdated: (pod: Manifest) => boolean;
  /** Whether the workload replaces this old pod by itself, however broken the pod is. */
  readonly replaces: (pod: Manifest) => boolean;
  /** Reasons that the workload's own controller judges; they are told, and do not fail it. */
  readonly tolerates?: ReadonlySet<string>;
}

interface Finding {
  readonly pod: string;
  readonly updated: boolean;
  readonly trouble: PodTrouble;
}

/**
 * A verdict on the way, made sharper by the worst pod. Broken pods of the new revision fail a workload; those of the old one
 * only when nothing will replace them. A workload whose counters are all right is never failed by a pod that is left over.
 */
export function withPods(verdict: Health, workload: PodsOfWorkload): Health {
  if (verdict.state !== 'InProgress' && verdict.state !== 'Failed') return verdict;
  const found = findings(workload);
  const [worst] = found.toSorted(
    (a, b) =>
      Number(isFinal(b)) - Number(isFinal(a)) ||
      Number(b.updated) - Number(a.updated) ||
      worstFirst(a.trouble, b.trouble) ||
      (a.pod < b.pod ? -1 : 1),
  );
  if (!worst) return verdict;
  const message = `${verdict.message}; ${sentence(worst)}`;
  if (verdict.state === 'Failed') return { ...verdict, message };
  const trapped = isFinal(worst) && !worst.updated;
  const reason = trapped ? 'RolloutTrapped' : worst.trouble.reason;
  if (isFinal(worst)) return { state: 'Failed', reason, message };
  const soonest = Math.min(
    ...[verdict, ...found.map(({ trouble }) => trouble)].map((each) => each.lookAgainMs ?? Infinity),
  );
  return { state: 'InProgress', reason, message, ...(soonest === Infinity ? {} : { lookAgainMs: soonest }) };
}

function isFinal({ trouble }: Finding): boolean {
  return trouble.state === 'Failed';
}

function findings({ pods, now, isUpdated, replaces, tolerates }: PodsOfWorkload): Finding[] {
  return pods.flatMap((pod): Finding[] => {
    if (readText(pod, 'metadata', 'deletionTimestamp') !== '') return [];
    const found = podTrouble(pod, now);
    if (!found) return [];
    const updated = isUpdated(pod);
    // Every workload replaces a pod that has ended.
    const heals = found.reason === 'PodFailed' || tolerates?.has(found.reason) || (!updated && replaces(pod));
    const trouble: PodTrouble = heals
      ? { state: 'InProgress', reason: found.reason, message: found.message }
      : found;
    return [{ pod: readText(pod, 'metadata', 'name'), updated, trouble }];
  });
}

function sentence({ pod, updated, trouble }: Finding): string {
  if (updated) return `pod ${pod}: ${trouble.message}`;
  const old = `pod ${pod} of the old revision: ${trouble.message}`;
  return trouble.state === 'Failed' ? `${old}; it is replaced only when somebody deletes it` : old;
}
