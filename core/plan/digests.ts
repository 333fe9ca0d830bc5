/**
 * Digests gate everything: an object is applied when its digest differs from what was applied, and a workload is a
 * disruptive change when the digest of its pod template does. The hash itself comes from outside (`activities/digest.ts`),
 * because the pure rooms have no crypto.
 */
import type { Restarts } from '../commands/restart.ts';
import { restartAt } from '../commands/restart.ts';
import { ANNOTATIONS, COMMANDS } from '../labels.ts';
import type { Manifest } from '../manifest.ts';
import type { ObjectKey } from '../refs.ts';
import { replicasOf, withReplicas } from '../replicas.ts';
import { isExternal, isLongRunning, isScalable, isWorkload, takesTurns } from './categories.ts';
import type { Plan, PlannedObject } from './plan.ts';
import type { Seal } from './seal.ts';
import { sealOf, UNSEALED } from './seal.ts';
import { claimSizes } from '../storage/claims.ts';
import { shapeOf } from '../storage/shape.ts';
import { templateOf, withTemplate } from './templates.ts';

export type Digest = (value: unknown) => string;

/** What a workflow knows of a planned object. Never a manifest, never a value of a Secret. */
export interface PlannedRef {
  readonly key: ObjectKey;
  readonly digest: string;
  /** Of what is changed in turn: the pod template of a workload, all of an external object. */
  readonly template?: string;
  /** What can be scaled: the replicas it is to have, which no digest covers; absent where they are left to others. */
  readonly replicas?: number;
  /** Replicas that somebody else sets by hand stay as they are set. */
  readonly yields?: true;
  /** Of what cannot be changed in place; StatefulSets only. */
  readonly shape?: string;
  /** What its claim templates ask for, in bytes; absent where it is of the past, and claims may have grown since. */
  readonly claims?: Readonly<Record<string, number>>;
  readonly role?: string;
  readonly stage?: number;
  /** Planned objects it must not be applied without; only of what takes turns. */
  readonly uses?: readonly ObjectKey[];
  /** Objects of others that must be ready before it is applied. */
  readonly requires?: readonly ObjectKey[];
  /** How many pods change first. */
  readonly canary?: number;
  readonly gate?: string;
  readonly before?: string;
  readonly after?: string;
  /** Its hooks also run when it is new. */
  readonly hooksOnInstall?: true;
  /** Its pods are deleted by nobody but people, also one that holds up a rollout. */
  readonly keepsPods?: true;
  /** No owner reference collects it when the resource goes, and it does not outlive the resource. */
  readonly uncollected?: true;
  /** Kept when it is no longer desired; `false`: an external object goes although this resource did not create it. */
  readonly retain?: boolean;
}

export interface RenderedObject {
  readonly ref: PlannedRef;
  /** Ready to be applied, but for the replicas of what can be scaled. */
  readonly manifest: Manifest;
  readonly planned: PlannedObject;
}

/** Digests of contents, by object. */
export type Contents = Readonly<Record<ObjectKey, string>>;

/** Of what pods can read of a ConfigMap or a Secret. */
export function contentDigest(manifest: Manifest, digest: Digest): string {
  return digest([manifest['data'], manifest['binaryData']]);
}

export interface Rendered extends Pick<Plan, 'stages' | 'warnings' | 'orderTrouble'> {
  readonly objects: ReadonlyMap<ObjectKey, RenderedObject>;
  /** Of all objects and stages together. */
  readonly digest: string;
}

/** How a plan is rendered. */
export interface Rendering {
  /** Digests of the ConfigMaps and Secrets of others that pods read. */
  readonly contents?: Contents;
  /** That of the plan. */
  readonly seal?: Seal;
  /** When pods were last asked to restart. */
  readonly restarts?: Restarts;
}

export function render(
  plan: Plan,
  digest: Digest,
  { contents: others = {}, seal = UNSEALED, restarts = {} }: Rendering = {},
): Rendered {
  const sealed =
    (key: ObjectKey): Digest =>
    (value) =>
      sealOf(key, seal)(digest(value));
  const contents = new Map([
    ...plan.objects.map(({ key, manifest }) => [key, contentDigest(manifest, sealed(key))] as const),
    ...Object.entries(others),
  ]);
  const objects = new Map(
    plan.objects.map((planned) => [
      planned.key,
      renderObject(withRestart(planned, restarts), contents, sealed(planned.key)),
    ]),
  );
  const refs = Array.from(objects.values(), ({ ref }) => ref);
  return {
    objects,
    stages: plan.stages,
    warnings: plan.warnings,
    ...(plan.orderTrouble ? { orderTrouble: plan.orderTrouble } : {}),
    digest: digest([refs, plan.stages, plan.warnings]),
  };
}

function renderObject(
  planned: PlannedObject,
  contents: ReadonlyMap<ObjectKey, string>,
  digest: Digest,
): RenderedObject {
  const { key, desired, stage } = planned;
  const requires = requiredOf(planned);
  const { role, gate, before, after, hooksOnInstall } = desired.options;
  const complete = withConfiguration(planned, contents, digest);
  const scalable = isScalable(complete);
  const replicas = scalable ? replicasOf(complete) : undefined;
  const configured = scalable ? withReplicas(complete, undefined) : complete;
  const whole = digest(configured);
  const template = templateDigest(key, configured, digest);
  const shape = shapeOf(configured);
  const ref: PlannedRef = {
    key,
    digest: whole,
    ...(template ? { template } : {}),
    ...(replicas === undefined ? {} : { replicas }),
    ...(scalable && desired.options.replicas === 'yield' ? { yields: true as const } : {}),
    ...(shape ? { shape: digest(shape) } : {}),
    ...claimSizes(configured),
    ...(role ? { role } : {}),
    ...(stage === undefined ? {} : { stage }),
    ...(takesTurns(key) && planned.uses.length > 0 ? { uses: planned.uses } : {}),
    ...(requires.length > 0 ? { requires } : {}),
    ...(desired.options.canary === undefined ? {} : { canary: desired.options.canary }),
    ...(gate ? { gate: gate.name } : {}),
    ...(before ? { before: before.name } : {}),
    ...(after ? { after: after.name } : {}),
    ...(hooksOnInstall ? { hooksOnInstall } : {}),
    ...retention(planned),
    ...(isUncollected(planned) ? { uncollected: true as const } : {}),
    ...(desired.options.replaceTrappedPods === false ? { keepsPods: true as const } : {}),
  };
  if (isExternal(key)) return { ref, manifest: configured, planned };
  const notes = {
    [ANNOTATIONS.digest]: whole,
    ...(ref.template ? { [ANNOTATIONS.template]: ref.template } : {}),
  };
  return { ref, manifest: annotated(configured, notes), planned };
}

/** What of an object is changed in turn: the pod template of a workload, all of an external object. */
function templateDigest(key: ObjectKey, manifest: Manifest, digest: Digest): string | undefined {
  if (isExternal(key)) return digest(manifest);
  const template = isWorkload(key) ? templateOf(manifest) : undefined;
  return template ? digest(template) : undefined;
}

function retention({ key, desired }: PlannedObject): Pick<PlannedRef, 'retain'> {
  const { retain } = desired.options;
  if (isExternal(key)) return retain === undefined ? {} : { retain };
  return desired.kind === 'PersistentVolumeClaim' && retain !== false ? { retain: true } : {};
}

/** A garbage collector deletes nothing that names no owner; behind an API there is none. */
function isUncollected(planned: PlannedObject): boolean {
  const { key, manifest } = planned;
  return !isExternal(key) && !manifest.metadata.ownerReferences && !retention(planned).retain;
}

function requiredOf({ requires, reads }: PlannedObject): readonly ObjectKey[] {
  return [...new Set([...requires, ...reads.filter(({ optional }) => !optional).map(({ key }) => key)])];
}

/** Pods that run on restart when their template names another time; those of a Job have run, or run once more for no reason. */
function withRestart(planned: PlannedObject, restarts: Restarts): PlannedObject {
  const { key, manifest, desired } = planned;
  const at = isLongRunning(key) ? restartAt(restarts, desired.options.role) : undefined;
  const template = templateOf(manifest);
  if (at === undefined || !template) return planned;
  const annotations = { ...template.metadata?.annotations, [COMMANDS.restartedAt]: at };
  const restarted = { ...template, metadata: { ...template.metadata, annotations } };
  return { ...planned, manifest: withTemplate(manifest, restarted) };
}

/** The digest of what its pods read goes into the pod template, so that changing it restarts them, in order. */
function withConfiguration(
  { manifest, configuration, reads }: PlannedObject,
  contents: ReadonlyMap<ObjectKey, string>,
  digest: Digest,
): Manifest {
  const template = templateOf(manifest);
  const keys = [...configuration, ...new Set(reads.map(({ key }) => key))];
  if (!template || keys.length === 0) return manifest;
  const read = digest(keys.map((key) => [key, contents.get(key)]));
  const annotations = { ...template.metadata?.annotations, [ANNOTATIONS.config]: read };
  return withTemplate(manifest, { ...template, metadata: { ...template.metadata, annotations } });
}

function annotated(manifest: Manifest, annotations: Readonly<Record<string, string>>): Manifest {
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}
