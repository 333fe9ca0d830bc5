/**
 * Every set of objects that a resource was given is kept in the cluster, as a ControllerRevision, so that it can be had
 * again exactly when the spec and the operator's code have long moved on: for a rollback, for stages that a rollout has not
 * come to, and while a new build of the operator waits. Of a Secret only the metadata is kept.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { LABELS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { PlannedRef, Rendered } from '../core/plan/digests.ts';
import type { ObjectKey, ObjectRef } from '../core/refs.ts';
import type { Memory } from '../core/rollout/course.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** One object as it was planned. */
export interface KeptObject {
  readonly ref: PlannedRef;
  readonly manifest: Manifest;
}

/** A whole plan as it was carried out. {@link Rendered} is one that can still ask its author. */
export interface KeptPlan extends Omit<Rendered, 'objects'> {
  readonly objects: ReadonlyMap<ObjectKey, KeptObject>;
}

/** Digests of the pod templates of workloads that a rollout has not come to. */
export type RunningTemplates = Readonly<Record<ObjectKey, string>>;

const KIND = { group: 'apps', kind: 'ControllerRevision' } as const;
/** Beside those that are still needed. */
const KEPT = 5;
/** etcd takes 1.5 MiB; a plan that is larger even compressed cannot be kept. */
const LARGEST_BYTES = 1_200_000;
/** Also where nothing of it can be compressed: Base64 adds a third. */
const CERTAINLY_FITS_BYTES = 850_000;
const REMEMBERED = 100;

/** Where the revisions of a resource live, and what they are called. */
export interface Shelf {
  readonly namespace: string;
  readonly resource: Manifest;
}

/** A cluster-scoped resource keeps its revisions beside its objects; one that has none there keeps none. */
export function shelfOf(resource: Manifest, rendered: KeptPlan): Shelf | undefined {
  const namespace =
    resource.metadata.namespace ??
    Array.from(rendered.objects.values(), ({ manifest }) => manifest.metadata.namespace).find(Boolean);
  return namespace ? { namespace, resource } : undefined;
}

/** `<kind>-<name>-<digest>`; a name that would be too long is cut before its digest. */
export function revisionName({ kind, metadata }: Manifest, digest: string): string {
  return `${`${kind}-${metadata.name}`
    .toLowerCase()
    .slice(0, 200)
    .replace(/[-.]+$/, '')}-${digest.slice(0, 10)}`;
}

export class Revisions {
  readonly #api: KubernetesApi;
  readonly #operator: string;
  readonly #read = new Map<string, KeptPlan>();
  /** Those that were measured, since that takes time. */
  readonly #fitting = new WeakMap<KeptPlan, boolean>();

  constructor(api: KubernetesApi, operator: string) {
    this.#api = api;
    this.#operator = operator;
  }

  /** Keeps a plan; the same one again is kept already. Answers how many bytes it takes, where those are too many to be kept. */
  async keep(shelf: Shelf, plan: KeptPlan): Promise<{ readonly tooLarge?: number }> {
    const { resource, namespace } = shelf;
    const { uid = '', generation = 0 } = resource.metadata;
    const data = await packed(bodyOf(plan));
    if (data.length > LARGEST_BYTES) return { tooLarge: data.length };
    try {
      await this.#api.create({
        apiVersion: 'apps/v1',
        kind: KIND.kind,
        metadata: {
          name: revisionName(resource, plan.digest),
          namespace,
          labels: { [LABELS.managedBy]: this.#operator, [LABELS.revisionOf]: uid },
          ownerReferences: [
            { apiVersion: resource.apiVersion, kind: resource.kind, name: resource.metadata.name, uid },
          ],
        },
        data: { plan: data },
        revision: generation,
      });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
    return {};
  }

  /** Whether a plan can be kept; one that cannot is nothing to go back to. */
  async fits(plan: KeptPlan): Promise<boolean> {
    const known = this.#fitting.get(plan);
    if (known !== undefined) return known;
    const body = bodyOf(plan);
    const isSmall = Buffer.byteLength(body) < CERTAINLY_FITS_BYTES;
    const fits = isSmall || (await packed(body)).length <= LARGEST_BYTES;
    this.#fitting.set(plan, fits);
    return fits;
  }

  /** Undefined when it is not kept any more, or cannot be read. */
  async read(namespace: string, name: string): Promise<KeptPlan | undefined> {
    const id = `${namespace}/${name}`;
    const known = this.#read.get(id);
    if (known) return known;
    const revision = await this.#api.get({ ...KIND, namespace, name });
    const plan = revision && (await contentOf(revision));
    if (plan) this.#remember(id, plan);
    return plan;
  }

  /** The newest kept form of an object; of a workload, that whose pods were made from this template. */
  async find(
    { namespace, resource }: Shelf,
    key: ObjectKey,
    template: string | undefined,
  ): Promise<KeptObject | undefined> {
    for (const { metadata } of (await this.#list(namespace, resource)).toReversed()) {
      const object = (await this.read(namespace, metadata.name))?.objects.get(key);
      if (object && object.ref.template === template) return object;
    }
    return undefined;
  }

  /**
   * Deletes revisions that neither a rollback nor a running rollout can need, however often the resource is edited. It keeps the
   * newest few, those of the memory, and for each pod template that still runs the newest one that holds it.
   */
  async sweep(
    { namespace, resource }: Shelf,
    { good, previous }: Memory,
    { newest, templates }: { readonly newest: string; readonly templates: RunningTemplates },
  ): Promise<void> {
    const all = await this.#list(namespace, resource);
    const named = new Set([good?.revision, previous?.revision, revisionName(resource, newest)]);
    const old = all.slice(0, -KEPT).filter(({ metadata }) => !named.has(metadata.name));
    if (old.length === 0) return;
    const holding = await this.#holding(namespace, all, templates);
    for (const { metadata } of old) {
      if (holding.has(metadata.name)) continue;
      const ref: ObjectRef = { ...KIND, namespace, name: metadata.name };
      await this.#api.remove(ref, { uid: metadata.uid ?? '' });
      this.#read.delete(`${namespace}/${metadata.name}`);
    }
  }

  /** The names of the newest revisions that hold the pod templates. */
  async #holding(
    namespace: string,
    all: readonly Manifest[],
    templates: RunningTemplates,
  ): Promise<ReadonlySet<string>> {
    const sought = new Map(Object.entries(templates));
    const names = new Set<string>();
    for (const { metadata } of all.toReversed()) {
      if (sought.size === 0) break;
      const plan = await this.read(namespace, metadata.name);
      for (const [key, template] of sought)
        if (plan?.objects.get(key)?.ref.template === template) {
          names.add(metadata.name);
          sought.delete(key);
        }
    }
    return names;
  }

  /** Oldest first. */
  async #list(namespace: string, { metadata }: Manifest): Promise<readonly Manifest[]> {
    const labelSelector = `${LABELS.revisionOf}=${metadata.uid ?? ''}`;
    const { items } = await this.#api.list(KIND, { namespace, labelSelector, metadataOnly: true });
    return items.sort(
      (a, b) =>
        (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
        a.metadata.name.localeCompare(b.metadata.name),
    );
  }

  #remember(id: string, plan: KeptPlan): void {
    this.#read.set(id, plan);
    const [oldest] = this.#read.keys();
    if (this.#read.size > REMEMBERED && oldest !== undefined) this.#read.delete(oldest);
  }
}

type Body = Omit<KeptPlan, 'objects'> & { readonly objects: readonly (readonly [PlannedRef, Manifest])[] };

function bodyOf({ objects, stages, warnings, digest }: KeptPlan): string {
  const body: Body = {
    objects: Array.from(objects.values(), ({ ref, manifest }) => [ref, withoutSecrets(manifest)]),
    stages,
    warnings,
    digest,
  };
  return JSON.stringify(body);
}

async function packed(body: string): Promise<string> {
  return (await compress(body)).toString('base64');
}

async function contentOf(revision: Manifest): Promise<KeptPlan | undefined> {
  const { plan } = (revision['data'] ?? {}) as { plan?: string };
  if (plan === undefined) return undefined;
  let body: Body;
  try {
    body = JSON.parse((await decompress(Buffer.from(plan, 'base64'))).toString()) as Body;
  } catch {
    // Somebody else wrote it: what cannot be read is as good as gone, and whoever asked for it says so.
    return undefined;
  }
  return { ...body, objects: new Map(body.objects.map(([ref, manifest]) => [ref.key, { ref, manifest }])) };
}

/** What is secret stays where it is: the live Secret is left as it is when the set is had again. */
function withoutSecrets(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Secret') return manifest;
  const { data: _, stringData: _text, ...rest } = manifest;
  return rest;
}

/** The same plan without what its claims asked for: those may have grown since, and stay as they are. */
export function withoutClaims(plan: KeptPlan): KeptPlan {
  const objects = Array.from(plan.objects, ([key, { ref, manifest }]) => {
    const { claims: _, ...rest } = ref;
    return [key, { ref: rest, manifest }] as const;
  });
  return { ...plan, objects: new Map(objects) };
}

/** The same plan with its stages in reverse: a rollback undoes what was done last first. */
export function reversed(plan: KeptPlan): KeptPlan {
  const last = plan.stages.length - 1;
  const objects = Array.from(plan.objects, ([key, { ref, manifest }]) => {
    const turned = ref.stage === undefined ? ref : { ...ref, stage: last - ref.stage };
    return [key, { ref: turned, manifest }] as const;
  });
  return { ...plan, objects: new Map(objects), stages: plan.stages.toReversed() };
}
