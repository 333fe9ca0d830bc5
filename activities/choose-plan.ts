/**
 * Chooses the set of objects that a resource is to have now: what its spec asks for, or the last good one while that is
 * held back; and reads what people and the operator say of its rollout.
 */
import type { Operator } from '../api/operator.ts';
import { notRestarted } from '../core/commands/commands.ts';
import type { Nameable, Orders } from '../core/commands/orders.ts';
import { askedFingerprint } from '../core/asked.ts';
import { checkedOrders, ordersOf } from '../core/commands/orders.ts';
import { restartsWith, rolesToRestart } from '../core/commands/restart.ts';
import { COMMANDS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Stage } from '../core/plan/order.ts';
import type { Contents, PlannedRef, Rendered } from '../core/plan/digests.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { Course, Memory, PlanInput } from '../core/rollout/course.ts';
import { courseOf, NEWEST, unableOf, unableToRollBack } from '../core/rollout/course.ts';
import type { PlanView } from '../core/rollout/state.ts';
import { readStatus } from '../core/status/read-status.ts';
import { fingerprintOf } from '../core/rollout/state.ts';
import { digest } from './digest.ts';
import { intervalOf } from './durations.ts';
import type { DigestKey } from './digest-key.ts';
import { inputOf } from './plan-input.ts';
import type { Renderer } from './renderer.ts';
import { asResource } from './renderer.ts';
import type { KeptPlan, Revisions, Shelf } from './revisions.ts';
import { reversed, revisionName, shelfOf, withoutClaims } from './revisions.ts';
import type { ResolvedRules } from './rollout-rules.ts';
import { rolloutRules } from './rollout-rules.ts';

export interface Sources {
  readonly operator: Operator;
  readonly renderer: Renderer;
  readonly digestKey: DigestKey;
  readonly revisions: Pick<Revisions, 'read' | 'fits'>;
}

export type PlanDelta = Omit<PlanView, 'refs'> & {
  readonly changed: readonly PlannedRef[];
  /** In the inventory, and no longer wanted. */
  readonly removed: readonly ObjectKey[];
};

/** The set of objects that the resource is to have now, and what governs its rollout. */
export interface Chosen {
  readonly plan: KeptPlan;
  readonly newest: Rendered;
  readonly shelf: Shelf | undefined;
  readonly memory: Memory;
  readonly view: Omit<PlanView, 'uid' | 'generation' | 'digest' | 'refs' | 'stages' | 'warnings'>;
}

export async function choosePlan(
  { operator, renderer, revisions, digestKey }: Sources,
  manifest: Manifest,
  memorized: Memory,
  { now, contents }: { readonly now: number; readonly contents: Contents },
): Promise<Chosen> {
  const { generation = 0 } = manifest.metadata;
  const asked = manifest.metadata.annotations?.[COMMANDS.restartedAt];
  const restarts = restartsWith(memorized.restarts, asked);
  const rendered = await renderer.render(manifest, { contents, restarts });
  const orders = checkedOrders(ordersIn(manifest), rolesToRestart(asked), nameableIn(rendered));
  const commands = askedFingerprint(manifest.metadata);
  const resolved = rolloutRules(operator, asResource(manifest), now);
  const { input, memory } = await inputOf({ manifest, contents, rendered, restarts }, memorized, digestKey);
  const newest = { generation, digest: rendered.digest, input };
  const shelf = shelfOf(manifest, rendered);
  const wished = courseOf(memory, newest, orders, resolved.rules, now);
  const { course, plan, isLost } = await follow({ revisions, shelf, rendered }, wished);
  const warnings = [
    ...(orders.unreadable ?? []),
    ...(isLost ? lostPast(wished) : []),
    ...ignoredRestart(course, input),
  ];
  const revision =
    course.kind === 'newest'
      ? shelf && (await revisions.fits(rendered)) && revisionName(manifest, rendered.digest)
      : course.good.revision;
  const ends = endOf(course, orders, resolved, now);
  return {
    plan: { ...plan, warnings: [...plan.warnings, ...warnings] },
    newest: rendered,
    shelf,
    memory,
    view: {
      version: digest([
        ...[plan.digest, course.kind, unableOf(course) ?? '', orders, restarts],
        ...[resolved, warnings, ends, commands],
      ]),
      course,
      newest,
      ...(revision ? { revision } : {}),
      orders,
      ...(commands ? { commands } : {}),
      ...(Object.keys(restarts).length > 0 ? { restarts } : {}),
      ...resolved,
      ...routineOf(operator, manifest),
      ...ends,
    },
  };
}

/** When the plan may be another although nothing changed. */
function endOf(
  course: Course,
  { approvals = [] }: Orders,
  { rules: { windows = [] } }: ResolvedRules,
  now: number,
): Pick<PlanView, 'validUntil'> {
  const expiries = approvals.flatMap(({ expires }) => expires ?? []);
  const opens = course.kind === 'held' ? (course.opens ?? []) : [];
  const moments = [...expiries, ...windows.map(({ closes }) => closes), ...[opens].flat()];
  const coming = moments.filter((at) => at > now);
  return coming.length > 0 ? { validUntil: Math.min(...coming) } : {};
}

/** What is followed where the set of objects that was wished for cannot be had, or is no other. */
function newestOf(wished: Course): Course {
  if (wished.kind === 'newest') return wished;
  if (wished.kind === 'held') return NEWEST;
  const { good, quarantine } = wished;
  const lost = `ControllerRevision ${good.revision}, which holds the objects of generation ${good.generation}, is gone`;
  return unableToRollBack(quarantine, lost);
}

/** The set of objects that a course means; the newest one where its own is not kept, or makes the same pods. */
async function follow(
  { revisions, shelf, rendered }: Pick<Sources, 'revisions'> & Pick<Chosen, 'shelf'> & { rendered: Rendered },
  wished: Course,
): Promise<{ readonly course: Course; readonly plan: KeptPlan; readonly isLost: boolean }> {
  if (wished.kind === 'newest') return { course: wished, plan: rendered, isLost: false };
  const kept = shelf && (await revisions.read(shelf.namespace, wished.good.revision));
  // A new build that restarts no pods is nothing to wait for.
  if (!kept || (wished.kind === 'held' && hasSameTemplates(kept, rendered)))
    return { course: kept ? NEWEST : newestOf(wished), plan: rendered, isLost: !kept };
  const past = withoutClaims(kept);
  return { course: wished, plan: wished.kind === 'rolledBack' ? reversed(past) : past, isLost: false };
}

function ignoredRestart(course: Course, { restarts }: PlanInput): readonly string[] {
  if (course.kind !== 'rolledBack' || restarts === course.good.input.restarts) return [];
  return [`the restart is not carried out: ${notRestarted(course)}`];
}

function nameableIn({ objects }: Rendered): Nameable {
  const roles = Array.from(objects.values(), ({ ref }) => ref.role).filter((role) => role !== undefined);
  return { roles: new Set(roles), keys: new Set(objects.keys()) };
}

function lostPast(wished: Course): readonly string[] {
  if (wished.kind !== 'held') return [];
  return [`ControllerRevision ${wished.good.revision} is gone, so that the newest spec is rolled out`];
}

function hasSameTemplates(kept: KeptPlan, rendered: Rendered): boolean {
  const templates = ({ objects }: KeptPlan): string =>
    JSON.stringify(
      Array.from(objects.values(), ({ ref }) => [ref.key, ref.template])
        .filter(([, template]) => template)
        .sort(),
    );
  return templates(kept) === templates(rendered);
}

/** What people ask of the rollouts of a resource. */
export function ordersIn({ metadata: { annotations = {}, managedFields = [] } }: Manifest): Orders {
  return ordersOf(annotations, writersOf(managedFields));
}

/** Who last wrote each annotation, as the API server noted it. */
function writersOf(
  managedFields: NonNullable<Manifest['metadata']['managedFields']>,
): Record<string, string> {
  const writers: Record<string, string> = {};
  for (const { manager, fieldsV1 } of managedFields) {
    const owned: { 'f:metadata'?: { 'f:annotations'?: object } } = fieldsV1 ?? {};
    for (const field of Object.keys(owned['f:metadata']?.['f:annotations'] ?? {}))
      if (field.startsWith('f:') && manager) writers[field.slice(2)] = manager;
  }
  return writers;
}

function routineOf({ name, routine }: Operator, manifest: Manifest): Pick<PlanView, 'routineEveryMs'> {
  const { routine: last } = readStatus(manifest);
  const every = routine?.every(asResource(manifest), last);
  if (every === undefined) return {};
  return { routineEveryMs: intervalOf(every, `${name}: routine.every`) };
}

/** What of the plan is new to one who has this inventory (`fingerprintOf` each object). */
export function deltaOf(
  { uid, generation }: { uid: string; generation: number },
  { plan, view }: Chosen,
  inventory: Readonly<Record<ObjectKey, string>>,
): PlanDelta {
  const refs = Array.from(plan.objects.values(), ({ ref }) => ref);
  return {
    uid,
    generation,
    digest: plan.digest,
    changed: refs.filter((ref) => inventory[ref.key] !== fingerprintOf(ref)),
    removed: Object.keys(inventory).filter((key) => !plan.objects.has(key)),
    stages: stageNames(plan.stages),
    warnings: plan.warnings,
    ...(plan.orderTrouble ? { orderTrouble: plan.orderTrouble } : {}),
    ...view,
  };
}

/** The role; where several stages have one role, with the workload. */
function stageNames(stages: readonly Stage[]): string[] {
  const alike = Map.groupBy(stages, ({ role }) => role);
  return stages.map(({ role, workloads }) => {
    const isAlone = alike.get(role)?.length === 1;
    return isAlone ? role : `${role} (${workloads.map((key) => key.split('/').at(-1)).join(', ')})`;
  });
}
