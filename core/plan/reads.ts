/** What pods read and the plan does not make: ConfigMaps and Secrets of others, and where a pod template names them. */
import type { Manifest } from '../manifest.ts';
import type { ObjectKey } from '../refs.ts';
import { groupOf, kindName, objectKey } from '../refs.ts';
import { templateOf } from './templates.ts';

export interface Read {
  /** Of the ConfigMap or Secret. */
  readonly key: ObjectKey;
  /** Where the pod template names it: `containers[main].env[PASSWORD]`. */
  readonly field: string;
  /** The keys of its data that must be there. */
  readonly items: readonly string[];
  /** The pods start without it. */
  readonly optional: boolean;
}

/** Kinds whose pods are replaced in place; a Job runs once, and the next run of a CronJob reads what is there then. */
const RESTARTED: ReadonlySet<string> = new Set(['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps']);

/** @param home the namespace of the resource. */
export function readsOf(
  manifest: Manifest,
  own: ReadonlySet<ObjectKey>,
  home: string | undefined,
): readonly Read[] {
  if (!RESTARTED.has(kindName({ group: groupOf(manifest.apiVersion), kind: manifest.kind }))) return [];
  const { namespace } = manifest.metadata;
  const place = namespace === undefined ? {} : { namespace };
  return namesIn(templateOf(manifest)?.spec ?? {})
    .map(({ kind, name, ...read }) => ({
      key: objectKey({ group: '', kind, ...place, name }, home),
      ...read,
    }))
    .filter(({ key }) => !own.has(key));
}

interface Source {
  readonly name?: string;
  readonly secretName?: string;
  readonly key?: string;
  readonly items?: readonly { readonly key: string }[];
  readonly optional?: boolean;
}
interface Sources {
  readonly configMap?: Source;
  readonly secret?: Source;
  readonly configMapRef?: Source;
  readonly secretRef?: Source;
  readonly configMapKeyRef?: Source;
  readonly secretKeyRef?: Source;
}
interface Container {
  readonly name?: string;
  readonly envFrom?: readonly Sources[];
  readonly env?: readonly { readonly name?: string; readonly valueFrom?: Sources }[];
}
interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly (Sources & {
    readonly name?: string;
    readonly projected?: { readonly sources?: readonly Sources[] };
  })[];
}

type Name = Omit<Read, 'key'> & { readonly kind: 'ConfigMap' | 'Secret'; readonly name: string };

/** Pull secrets are none: the kubelet reads them when it pulls, and a pod that runs needs them no more. */
function namesIn({ containers = [], initContainers = [], volumes = [] }: PodSpec): Name[] {
  const ofContainer = (list: string, { name, envFrom = [], env = [] }: Container): Name[] => [
    ...envFrom.flatMap((sources, index) => namesOf(sources, `${list}[${name}].envFrom[${index}]`)),
    ...env.flatMap((each) => namesOf(each.valueFrom ?? {}, `${list}[${name}].env[${each.name}]`)),
  ];
  return [
    ...initContainers.flatMap((each) => ofContainer('initContainers', each)),
    ...containers.flatMap((each) => ofContainer('containers', each)),
    ...volumes.flatMap(({ name, projected, ...sources }) =>
      [sources, ...(projected?.sources ?? [])].flatMap((each) => namesOf(each, `volumes[${name}]`)),
    ),
  ];
}

function namesOf(sources: Sources, field: string): Name[] {
  const { configMap, configMapRef, configMapKeyRef, secret, secretRef, secretKeyRef } = sources;
  return [
    ...nameOf('ConfigMap', configMap ?? configMapRef ?? configMapKeyRef, field),
    ...nameOf('Secret', secret ?? secretRef ?? secretKeyRef, field),
  ];
}

function nameOf(kind: Name['kind'], source: Source | undefined, field: string): Name[] {
  const name = source?.secretName ?? source?.name;
  if (!source || !name) return [];
  const items = [...(source.key ? [source.key] : []), ...(source.items ?? []).map(({ key }) => key)];
  return [{ kind, name, field, items, optional: source.optional ?? false }];
}
