/**
 * One run: what was decided is done, metrics are read, the next is decided. A decision is remembered before it is carried
 * out, by the run that follows at once: a process that dies in between neither forgets it nor decides twice.
 */
import type { ObjectReference, RoutineAnswer, RoutineContext } from 'durable-operator';
import type { AutoscalerSpec, AutoscalerState, Entry, EntryStatus, WorkloadKind } from './autoscaler.ts';
import { coolDownOf, decide, short } from './decide.ts';
import type { Credentials } from './prometheus.ts';
import { queryOne } from './prometheus.ts';

type Run = RoutineContext<AutoscalerSpec, AutoscalerState>;

/** Why the resource is not Ready, by what keeps an entry from being decided. */
const REASONS: Readonly<Partial<Record<EntryStatus['decision'], string>>> = {
  Refused: 'ScalingRefused',
  Unknown: 'MetricsUnavailable',
};

/** The entries that are decided here; those with a `resource` are an HPA's. */
export function queriedIn({ autoscaling }: AutoscalerSpec): readonly Entry[] {
  return autoscaling.filter(({ spec: { enable, query } }) => enable && query);
}

/** What was scaled, by what was last known. */
export function heldIn(state: AutoscalerState | undefined): readonly EntryStatus[] {
  return (state?.entries ?? []).filter(({ wanted }) => wanted !== undefined);
}

export async function run(context: Run): Promise<RoutineAnswer<AutoscalerState>> {
  const { spec } = context.resource;
  const queried = queriedIn(spec);
  const isKept = ({ name, kind }: EntryStatus): boolean =>
    !spec.dryRun && queried.some((entry) => entry.name === name && kindOf(entry) === kind);
  await release(
    context,
    heldIn(context.last).filter((entry) => !isKept(entry)),
  );
  const credentials = await credentialsOf(context);
  const entries = await Promise.all(queried.map((entry) => runEntry(context, entry, credentials)));
  const failing = entries.filter(({ decision }) => REASONS[decision]);
  tell(context, entries);
  // What was decided, and is not done yet.
  const decided = entries.some(
    ({ decision, replicas, wanted }) => decision.startsWith('Scaled') && replicas !== wanted,
  );
  return {
    state: { entries },
    ...(decided ? { again: '1 second' } : {}),
    ...(failing[0]
      ? {
          trouble: {
            reason: REASONS[failing[0].decision] ?? '',
            message: failing.map(({ name, why }) => `${name}: ${why}`).join('; '),
          },
        }
      : {}),
  };
}

/** Gives back what is no longer scaled here. */
export async function release(
  context: Pick<Run, 'release'>,
  entries: readonly Pick<EntryStatus, 'name' | 'kind'>[],
): Promise<void> {
  for (const { name, kind } of entries) await context.release(workload(kind, name));
}

async function runEntry(context: Run, entry: Entry, credentials: Credentials): Promise<EntryStatus> {
  const { name, spec } = entry;
  const { dryRun = false, external } = context.resource.spec;
  const kind = kindOf(entry);
  const last = context.last?.entries.find((each) => each.name === name && each.kind === kind);
  const { wanted, coolDownUntil } = dryRun ? {} : (last ?? {});
  const kept = {
    name,
    kind,
    ...(wanted === undefined ? {} : { wanted }),
    ...(coolDownUntil ? { coolDownUntil } : {}),
  };
  const failed = (decision: 'Refused' | 'Unknown', error: unknown): EntryStatus => {
    if (context.signal.aborted) throw error;
    const { value, replicas } = last ?? {};
    const known = {
      ...(value === undefined ? {} : { value }),
      ...(replicas === undefined ? {} : { replicas }),
    };
    return { ...kept, ...known, decision, why: error instanceof Error ? error.message : String(error) };
  };
  let replicas: number;
  try {
    replicas = await replicasOf(context, kind, name);
    // Somebody who sets 0 replicas wants none, whatever was decided before.
    if (last && wanted !== undefined && replicas > 0 && replicas !== wanted) {
      await context.scale(workload(kind, name), wanted);
      return { ...last, replicas: wanted };
    }
  } catch (error) {
    return failed('Refused', error);
  }
  let value: number;
  try {
    const server = external?.spec ?? { url: '' };
    value = await queryOne(server, spec.query ?? '', credentials, context.signal);
  } catch (error) {
    return failed('Unknown', error);
  }
  const now = Date.now();
  const sight = { value, replicas: replicas > 0 ? (wanted ?? replicas) : 0, coolDownUntil, now };
  const verdict = decide(spec, sight);
  const seen = { ...kept, value: short(value), replicas, why: verdict.why };
  if (verdict.decision !== 'ScaledUp' && verdict.decision !== 'ScaledDown')
    return { ...seen, decision: verdict.decision };
  if (dryRun)
    return { ...seen, decision: verdict.decision === 'ScaledUp' ? 'WouldScaleUp' : 'WouldScaleDown' };
  const until = `${new Date(now + coolDownOf(spec)).toISOString().slice(0, 19)}Z`;
  return { ...seen, decision: verdict.decision, wanted: verdict.replicas, coolDownUntil: until };
}

async function replicasOf(context: Run, kind: WorkloadKind, name: string): Promise<number> {
  const live = await context.read(workload(kind, name));
  if (!live) throw new Error(`${kind} ${name} is not there`);
  const { spec }: { readonly spec?: { readonly replicas?: number } } = live;
  return spec?.replicas ?? 1;
}

async function credentialsOf({ resource, secret }: Run): Promise<Credentials> {
  const reference = resource.spec.external?.spec.secretRef;
  return reference ? secret(reference) : {};
}

/** News is what is decided, and what is not known any more. */
function tell({ event, last }: Run, entries: readonly EntryStatus[]): void {
  for (const { name, decision, why } of entries) {
    const before = last?.entries.find((each) => each.name === name);
    if (/^(Would)?Scale/.test(decision) && before?.why !== why) event('Normal', decision, `${name} ${why}`);
    const reason = REASONS[decision];
    if (reason && before?.decision !== decision)
      event('Warning', reason, `${name}: ${why}; its replicas stay as they are`);
  }
}

export function kindOf({ spec }: Entry): WorkloadKind {
  return spec.kind ?? 'StatefulSet';
}

function workload(kind: WorkloadKind, name: string): ObjectReference {
  return { apiVersion: 'apps/v1', kind, name };
}
