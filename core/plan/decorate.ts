/** What the runtime adds to the author's object: namespace, labels, owner, selectors. */
import { invalid } from '../../api/invalid.ts';
import type { DesiredObject } from '../../api/objects.ts';
import type { Resource } from '../../api/resource.ts';
import { ANNOTATIONS, LABELS, labelValue } from '../labels.ts';
import type { Manifest, OwnerReference } from '../manifest.ts';
import type { ResourceDefinition } from '../../api/resource.ts';
import { identityOf, ownerLabel } from '../ownership.ts';
import type { ObjectKey, ObjectRef } from '../refs.ts';
import { groupOf } from '../refs.ts';
import { isExternal, isWorkload } from './categories.ts';
import { withEncodedStringData } from './string-data.ts';
import { templateOf, withTemplate } from './templates.ts';
import { withEffectiveVariables } from './variables.ts';

/** Where an object stands in its plan. */
export interface Place {
  readonly key: ObjectKey;
  /** Undefined for a cluster-scoped object. */
  readonly namespace: string | undefined;
  /** The workloads that use it. */
  readonly users: readonly DesiredObject[];
}

type Labels = Readonly<Record<string, string>>;

/** Who decorates: the name of the operator and the kind it looks after. */
export interface Runtime {
  readonly name: string;
  readonly resource: ResourceDefinition;
}

export function decorate(
  operator: Runtime,
  resource: Resource,
  object: DesiredObject,
  place: Place,
): Manifest {
  if (isExternal(place.key)) return externalManifest(object, place.namespace);
  const { labels, annotations } = object.options;
  const owner = ownerOf(resource, object, place.namespace);
  const common = commonLabels(operator.name, resource, object);
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name: object.name,
      ...(place.namespace ? { namespace: place.namespace } : {}),
      labels: { ...labels, ...common, [LABELS.resource]: resource.metadata.uid },
      annotations: { ...annotations, [ANNOTATIONS.owner]: identityOf(refOf(resource)) },
      ...(owner ? { ownerReferences: [owner] } : {}),
    },
    ...bodyOf(resource, object, place, common),
  };
}

/** No API server sees it, so it carries neither labels nor an owner. */
function externalManifest(
  { apiVersion, kind, name, body }: DesiredObject,
  namespace: string | undefined,
): Manifest {
  return { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) }, ...body };
}

function refOf({ apiVersion, kind, metadata: { namespace, name } }: Resource): ObjectRef {
  return { group: groupOf(apiVersion), kind, ...(namespace ? { namespace } : {}), name };
}

function commonLabels(operator: string, resource: Resource, { options }: DesiredObject): Labels {
  return {
    [LABELS.name]: labelValue(resource.kind.toLowerCase()),
    ...instanceOf(resource),
    ...(options.role ? { [LABELS.component]: labelValue(options.role) } : {}),
    [LABELS.managedBy]: operator,
  };
}

/** What the pods of one resource have in common, and those of no other, of whatever kind and namespace. */
function instanceOf(resource: Resource): Labels {
  return {
    [LABELS.instance]: labelValue(resource.metadata.name),
    [LABELS.owner]: ownerLabel(refOf(resource)),
  };
}

/**
 * None for what must outlive the resource, and for what the garbage collector would delete at once: an owner must live
 * in the same namespace or have none (Kubernetes, "Owners and dependents").
 */
function ownerOf(
  resource: Resource,
  { options, kind }: DesiredObject,
  namespace: string | undefined,
): OwnerReference | undefined {
  const home = resource.metadata.namespace;
  if (home !== undefined && namespace !== home) return undefined;
  if (kind === 'PersistentVolumeClaim' && options.retain !== false) return undefined;
  const { apiVersion, metadata } = resource;
  return {
    apiVersion,
    kind: resource.kind,
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function bodyOf(
  resource: Resource,
  object: DesiredObject,
  place: Place,
  common: Labels,
): Readonly<Record<string, unknown>> {
  if (isWorkload(place.key)) return workloadBody(resource, object, common);
  const { body, kind } = object;
  const spec = (body['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  const targets = object.options.target ? [object.options.target] : place.users;
  switch (kind) {
    case 'Secret':
      return object.apiVersion === 'v1' ? withEncodedStringData(body) : body;
    case 'Service':
      if (spec['selector'] || spec['type'] === 'ExternalName' || targets.length === 0) return body;
      return { ...body, spec: { ...spec, selector: selectorOf(resource, targets, place.key) } };
    case 'PodDisruptionBudget':
      if (spec['selector']) return body;
      return {
        ...body,
        spec: { ...spec, selector: { matchLabels: selectorOf(resource, targets, place.key) } },
      };
    case 'NetworkPolicy':
      if (spec['podSelector']) return body;
      return {
        ...body,
        spec: { ...spec, podSelector: { matchLabels: selectorOf(resource, targets, place.key) } },
      };
    case 'HorizontalPodAutoscaler':
      if (spec['scaleTargetRef']) return body;
      return { ...body, spec: { ...spec, scaleTargetRef: scaleTargetOf(targets, place.key) } };
    default:
      return body;
  }
}

/** Selects the pods of one workload; of several, what they have in common; of none named, all pods of the resource. */
function selectorOf(resource: Resource, targets: readonly DesiredObject[], key: ObjectKey): Labels {
  const instance = instanceOf(resource);
  const [first, ...others] = targets;
  if (!first) return { [LABELS.name]: labelValue(resource.kind.toLowerCase()), ...instance };
  if (others.length === 0) return { ...instance, [LABELS.workload]: labelValue(first.name) };
  const { role } = first.options;
  if (role && others.every((other) => other.options.role === role))
    return { ...instance, [LABELS.component]: labelValue(role) };
  throw invalid(
    key,
    `is used by workloads of several roles (${targets.map(({ name }) => name).join(', ')}); give it a selector`,
  );
}

function scaleTargetOf([target]: readonly DesiredObject[], key: ObjectKey): object {
  if (!target) throw invalid(key, 'scales nothing; give it the option target, or a scaleTargetRef');
  return { apiVersion: target.apiVersion, kind: target.kind, name: target.name };
}

/** Kinds whose selector the API server makes itself. */
const SELECTED_BY_SERVER = new Set(['Job', 'CronJob']);

function workloadBody(
  resource: Resource,
  object: DesiredObject,
  common: Labels,
): Readonly<Record<string, unknown>> {
  const template = templateOf(object.body);
  if (!template) return object.body;
  const own = { ...instanceOf(resource), [LABELS.workload]: labelValue(object.name) };
  const metadata = {
    ...template.metadata,
    labels: { ...template.metadata?.labels, ...common, ...own },
  };
  const body = withTemplate(object.body, { ...withEffectiveVariables(template), metadata });
  const { replicas, ...spec } = body['spec'] as Readonly<Record<string, unknown>>;
  const kept = object.options.autoscaled || replicas === undefined ? {} : { replicas };
  const selector = SELECTED_BY_SERVER.has(object.kind) ? {} : { selector: { matchLabels: own } };
  return { ...body, spec: { ...spec, ...kept, ...selector } };
}
