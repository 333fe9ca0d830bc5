import { askedFingerprint } from '../core/asked.ts';
import type { Restarts } from '../core/commands/restart.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Contents, Rendered } from '../core/plan/digests.ts';
import type { ObjectReference } from '../api/operator.ts';
import type { ObjectRef, ResourceRef } from '../core/refs.ts';
import { groupOf, versionOf } from '../core/refs.ts';
import type { Hint } from '../core/hint.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { explain, failureOf, planStale } from './failure.ts';
import type { KeptPlan } from './revisions.ts';
import { shelfOf } from './revisions.ts';
import { isUnserved } from './unreadable.ts';

/** The resource, from a cache that is new enough or from the API server. */
export async function readResource(
  { api, resources }: Pick<Dependencies, 'api' | 'resources'>,
  resource: ResourceRef,
  seen?: Hint['resource'],
): Promise<Manifest | undefined> {
  return (seen && resources?.get(resource, seen)) ?? (await api.get(resource));
}

/** The resource; undefined also when its kind is not served any more, in no version: all of its resources went with it. */
export async function readKnown(
  dependencies: Pick<Dependencies, 'api' | 'resources'>,
  resource: ResourceRef,
  seen?: Hint['resource'],
): Promise<Manifest | undefined> {
  try {
    return await readResource(dependencies, resource, seen);
  } catch (error) {
    if (await isUnserved(dependencies.api, resource, error)) return undefined;
    throw error;
  }
}

/** An object as its author names it; without a namespace it is in that of the resource. */
export function refOfObject(
  { apiVersion, kind, name, namespace }: ObjectReference,
  home: string | undefined,
): ObjectRef & { readonly version: string } {
  const place = namespace ?? home;
  const version = versionOf(apiVersion);
  return { group: groupOf(apiVersion), version, kind, ...(place ? { namespace: place } : {}), name };
}

/** Which plan an activity carries out. */
export interface PlanRef {
  readonly resource: ResourceRef;
  readonly uid: string;
  readonly generation: number;
  /** `askedFingerprint` of what the plan was made from; absent where it was empty. */
  readonly asked?: string;
  /** The revision that is followed in the place of what the spec asks for. */
  readonly revision?: string;
  /** Of what pods read of others; absent when they read nothing. */
  readonly contents?: Contents;
  /** When pods were last asked to restart; absent before the first time. */
  readonly restarts?: Restarts;
}

/**
 * The resource as a cache has it, where it is the one that was planned: a cache may have the generation and be behind in labels and
 * annotations, by which another plan would be carried out.
 */
export function cachedAsPlanned(
  { resources }: Pick<Dependencies, 'resources'>,
  { resource, uid, generation, asked = '' }: Pick<PlanRef, 'resource' | 'uid' | 'generation' | 'asked'>,
): Manifest | undefined {
  const cached = resources?.get(resource, { uid, generation, resourceVersion: '' });
  return cached && askedFingerprint(cached.metadata) === asked ? cached : undefined;
}

/**
 * The resource and its objects, exactly as planned.
 *
 * @throws ApplicationFailure `PlanStale` when the resource is another, or has changed since.
 */
export async function readPlanned(
  dependencies: Dependencies,
  { revision, contents = {}, restarts = {}, ...ref }: PlanRef,
): Promise<{ manifest: Manifest; rendered: Rendered; plan: KeptPlan }> {
  const { resource, uid, generation } = ref;
  const manifest = cachedAsPlanned(dependencies, ref) ?? (await readKnown(dependencies, resource));
  if (!manifest || manifest.metadata.uid !== uid) throw planStale('the resource is gone');
  if (manifest.metadata.generation !== generation)
    throw planStale(
      `planned at generation ${generation}, the resource is at ${manifest.metadata.generation}`,
    );
  let rendered: Rendered;
  try {
    rendered = await dependencies.renderer.render(manifest, { contents, restarts });
  } catch (error) {
    if (error instanceof StatusError) throw failureOf(error, `${resource.kind} ${resource.name}`);
    throw planStale(`it cannot be built any more: ${explain(error)}`);
  }
  if (!revision) return { manifest, rendered, plan: rendered };
  const shelf = shelfOf(manifest, rendered);
  const plan = shelf && (await dependencies.revisions.read(shelf.namespace, revision));
  if (!plan) throw planStale(`ControllerRevision ${revision} is gone`);
  return { manifest, rendered, plan };
}
