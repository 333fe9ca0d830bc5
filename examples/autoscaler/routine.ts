/**
 * One run: what was decided a moment ago is done, or else metrics are read and the next is decided. A decision is remembered
 * before it is carried out, by the run that follows at once: a process that dies in between neither forgets it nor decides
 * twice. One that was refused, or is older than that, is never carried out: the metric is read again.
 */
import type { ObjectReference, RoutineAnswer, RoutineContext } from 'durable-operator';
import type { AutoscalerSpec, AutoscalerState, Entry, EntryStatus, WorkloadKind } from './autoscaler.ts';
import { coolDownOf, decide, short } from './decide.ts';
import { ownerOfReplicas, replicasIn } from './replicas.ts';
import type { Live } from './replicas.ts';
import type { Credentials } from './prometheus.ts';
import { queryOne } from './prometheus.ts';

type Run = RoutineContext<AutoscalerSpec, AutoscalerState>;

/** A decision is about the metric as it was read; one that is older than this is made again. */
const DECISION_TTL_MS = 15_000;

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
  const decided = entries.some(({ decidedAt }) => decidedAt !== undefined);
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
  const { name } = entry;
  const kind = kindOf(entry);
  const last = context.last?.entries.find((each) => each.name === name && each.kind === kind);
  let live: Live;
  try {
    live = await liveOf(context, kind, name);
    if (last && isDue(last, live, context)) return await carryOut(context, entry, last);
  } catch (error) {
    return failed(context, 'Refused', error, last ?? { name, kind });
  }
  const replicas = replicasIn(live);
  tellOfAnother(context, last, live);
  const known = { ...(last ?? { name, kind }), replicas };
  try {
    const server = context.resource.spec.external?.spec ?? { url: '' };
    const value = await queryOne(server, entry.spec.query ?? '', credentials, context.signal);
    return decided(context, entry, known, value);
  } catch (error) {
    return failed(context, 'Unknown', error, known);
  }
}

/** Whether a decision waits that still holds: it is fresh, and the workload is as it was decided about, or already as decided. */
function isDue(
  { decidedAt, replicas, wanted }: EntryStatus,
  live: Live,
  { resource }: Pick<Run, 'resource'>,
): boolean {
  if (decidedAt === undefined || resource.spec.dryRun) return false;
  const has = replicasIn(live);
  const isFresh = Date.now() - Date.parse(decidedAt) <= DECISION_TTL_MS;
  return has === wanted || (isFresh && has === replicas);
}

async function carryOut(context: Run, entry: Entry, last: EntryStatus): Promise<EntryStatus> {
  const { decidedAt = '', wanted = 0, replicas = 0, ...rest } = last;
  await context.scale(workload(last.kind, last.name), wanted);
  const coolDownUntil = rfc3339(Date.parse(decidedAt) + coolDownOf(entry.spec));
  const done = { ...rest, replicas: wanted, wanted, coolDownUntil };
  if (last.decision !== 'Refused') return done;
  const why = `from ${replicas} to ${wanted}: ${last.value} against the threshold ${entry.spec.threshold}`;
  return { ...done, decision: wanted > replicas ? 'ScaledUp' : 'ScaledDown', why };
}

function decided(
  { resource, last }: Run,
  { spec }: Entry,
  known: Pick<EntryStatus, 'name' | 'kind' | 'wanted' | 'coolDownUntil'> & { readonly replicas: number },
  value: number,
): EntryStatus {
  const { dryRun = false } = resource.spec;
  const { name, kind, replicas } = known;
  const { wanted, coolDownUntil } = dryRun ? {} : known;
  const now = Date.now();
  const verdict = decide(spec, { value, replicas, coolDownUntil, now });
  const { decision, why } = verdict;
  const held = {
    ...(wanted === undefined ? {} : { wanted }),
    ...(coolDownUntil ? { coolDownUntil } : {}),
  };
  const seen = { name, kind, ...held, value: short(value), replicas };
  if (decision !== 'ScaledUp' && decision !== 'ScaledDown') return { ...seen, decision, why };
  if (dryRun) return { ...seen, decision: decision === 'ScaledUp' ? 'WouldScaleUp' : 'WouldScaleDown', why };
  const next = { ...seen, wanted: verdict.replicas, decidedAt: rfc3339(now) };
  // Until it is carried out, what was refused stays so: a resource must not be Ready in between.
  const refused = last?.entries.find((each) => each.name === name && each.decision === 'Refused');
  return { ...next, ...(refused ? { decision: refused.decision, why: refused.why } : { decision, why }) };
}

/** What is not carried out is decided by the metric as it is then. */
function failed(
  { signal }: Run,
  decision: 'Refused' | 'Unknown',
  error: unknown,
  { decidedAt: _, ...known }: Omit<EntryStatus, 'decision' | 'why'>,
): EntryStatus {
  if (signal.aborted) throw error;
  return { ...known, decision, why: error instanceof Error ? error.message : String(error) };
}

/** Of what is scaled here, another hand set the replicas. They stay until the metric asks for others. */
function tellOfAnother({ event }: Run, last: EntryStatus | undefined, live: Live): void {
  const { name, wanted, replicas } = last ?? {};
  const has = replicasIn(live);
  if (wanted === undefined || replicas === undefined || has === replicas || has === wanted) return;
  const note = `${name} from ${replicas} to ${has} by ${ownerOfReplicas(live)}; it stays so until the metric asks for others`;
  event('Warning', 'ScaledByAnother', note);
}

async function liveOf(context: Run, kind: WorkloadKind, name: string): Promise<Live> {
  const live = await context.read(workload(kind, name));
  if (!live) throw new Error(`${kind} ${name} is not there`);
  return live;
}

/** Without fractions of a second. */
function rfc3339(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
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
