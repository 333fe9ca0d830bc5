/** Our finalizer on a resource: there only while the resource needs us to be deleted well. */
import { FINALIZER } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { KeptPlan } from './revisions.ts';
import type { Dependencies } from './dependencies.ts';

export function lacksFinalizer(
  dependencies: Dependencies,
  { metadata }: Manifest,
  rendered: KeptPlan,
): boolean {
  return !metadata.finalizers?.includes(FINALIZER) && needsFinalizer(dependencies, rendered);
}

/** An order to take down, something to clean up, something that no ownerReference will collect. */
function needsFinalizer({ operator }: Dependencies, rendered: KeptPlan): boolean {
  if (operator.onDelete || rendered.stages.length > 1) return true;
  return Array.from(rendered.objects.values()).some(
    ({ manifest, ref }) => !ref.retain && !manifest.metadata.ownerReferences,
  );
}

/** From now on the resource is not gone before we let it go. */
export async function hold(dependencies: Dependencies, resource: Manifest): Promise<void> {
  await setFinalizers(dependencies, resource, [FINALIZER]);
}

/** Lets go of what was held for a while, unless it needs the finalizer anyway. */
export async function unhold(
  dependencies: Dependencies,
  resource: Manifest,
  rendered: KeptPlan,
): Promise<void> {
  if (!needsFinalizer(dependencies, rendered)) await setFinalizers(dependencies, resource, []);
}

async function setFinalizers(
  { api, operator }: Dependencies,
  { apiVersion, kind, metadata }: Manifest,
  finalizers: readonly string[],
): Promise<void> {
  const { name, namespace, uid } = metadata;
  const place = { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
  const held = finalizers.length > 0 ? { finalizers } : {};
  await api.apply(
    { apiVersion, kind, metadata: { ...place, ...held } },
    { fieldManager: `${operator.name}-finalizer` },
  );
}
