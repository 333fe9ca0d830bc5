/** Whether the cluster is what the resources say: compared with plans that this process makes itself, from nothing else. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../core/manifest.ts';
import { LABELS } from '../../core/labels.ts';
import type { ObjectKey } from '../../core/refs.ts';
import { objectKey, parseKindName } from '../../core/refs.ts';
import { plan } from '../../index.ts';
import type { Operator, Resource } from '../../index.ts';
import type { KubernetesApi } from '../../kubernetes/api.ts';
import { assertConditionLaws } from '../../testing/condition-laws.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import type { FaultWorld } from './fault-world.ts';
import { underFault } from './operator.ts';

const KINDS = ['ConfigMap', 'Service', 'StatefulSet.apps', 'Gadget.toy.dev'] as const;

/** Every difference, in words; none when the cluster is as it should be and says so. */
async function differences(
  api: KubernetesApi,
  operator: Operator<ToySpec>,
  namespace: string,
): Promise<readonly string[]> {
  const resources = await resourcesOf(api, operator, namespace);
  const wanted = wantedBy(operator, resources);
  const live = await ownedObjects(api, operator.name, namespace);
  return [
    ...resources.flatMap(unsaid),
    ...[...wanted].flatMap(([key, manifest]) => {
      const object = live.get(key);
      return object ? deviations(manifest, object, key) : [`${key} is wanted and not there`];
    }),
    ...[...live.keys()].filter((key) => !wanted.has(key)).map((key) => `${key} is there and not wanted`),
  ];
}

const LOOK_EVERY_MS = 200;

/** Waits until nothing differs; answers what still does when patience ends. */
export async function settle(
  { api, namespace }: Pick<FaultWorld, 'api' | 'namespace'>,
  patienceMs: number,
): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = await differences(api, underFault, namespace).catch((error: unknown) => [String(error)]);
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(LOOK_EVERY_MS);
  }
}

/** The names of all that is wanted now. */
export async function wantedNames(
  api: KubernetesApi,
  operator: Operator<ToySpec>,
  namespace: string,
): Promise<ReadonlySet<string>> {
  const wanted = wantedBy(operator, await resourcesOf(api, operator, namespace));
  return new Set(Array.from(wanted.values(), ({ metadata }) => metadata.name));
}

async function resourcesOf(
  api: KubernetesApi,
  { resource: { group, kind } }: Operator<ToySpec>,
  namespace: string,
): Promise<readonly Manifest[]> {
  return (await api.list({ group, kind }, { namespace })).items;
}

function wantedBy(
  operator: Operator<ToySpec>,
  resources: readonly Manifest[],
): ReadonlyMap<ObjectKey, Manifest> {
  return new Map(
    resources.flatMap((resource) =>
      plan(operator, asResource(resource)).objects.map(({ key, manifest }) => [key, manifest] as const),
    ),
  );
}

/** What a resource fails to say of itself. */
function unsaid(resource: Manifest): string[] {
  const { name, generation } = resource.metadata;
  const status = (resource['status'] ?? {}) as {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  if (status.observedGeneration !== generation)
    return [`${name} is at generation ${generation} and tells of ${status.observedGeneration}`];
  try {
    assertConditionLaws(resource);
  } catch (error) {
    return [String(error)];
  }
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? [] : [`${name} is not Ready: ${JSON.stringify(status.conditions)}`];
}

async function ownedObjects(
  api: KubernetesApi,
  operator: string,
  namespace: string,
): Promise<ReadonlyMap<ObjectKey, Manifest>> {
  const labelSelector = `${LABELS.managedBy}=${operator}`;
  const lists = await Promise.all(
    KINDS.map(async (kind) => {
      const ref = parseKindName(kind);
      const { items } = await api.list(ref, { namespace, labelSelector });
      return items.map((item) => [objectKey({ ...ref, ...item.metadata }, namespace), item] as const);
    }),
  );
  return new Map(lists.flat());
}

/** Where the live object lacks what is wanted. What others and the server added is theirs. */
function deviations(wanted: unknown, live: unknown, place: string): string[] {
  if (Array.isArray(wanted))
    return wanted.flatMap((each: unknown, index) =>
      deviations(each, Array.isArray(live) ? live[index] : undefined, `${place}[${index}]`),
    );
  if (typeof wanted !== 'object' || wanted === null)
    return wanted === undefined || wanted === live
      ? []
      : [`${place} is ${JSON.stringify(live)} and not ${JSON.stringify(wanted)}`];
  return Object.entries(wanted).flatMap(([name, value]) =>
    deviations(value, fieldOf(live, name), `${place}.${name}`),
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function asResource(manifest: Manifest): Resource<ToySpec> {
  const { name, namespace, uid = '', generation = 0 } = manifest.metadata;
  return {
    apiVersion: manifest.apiVersion,
    kind: manifest.kind,
    metadata: { name, ...(namespace ? { namespace } : {}), uid, generation },
    spec: manifest['spec'] as ToySpec,
  };
}
