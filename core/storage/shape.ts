/**
 * The shape of a StatefulSet: the fields the API server never changes in place. A StatefulSet of another shape is recreated
 * around its pods (`next-reshape.ts`); a workload of another selector, of whatever kind, with them.
 */
import type { Manifest } from '../manifest.ts';
import { read, readMany, readText } from '../health/read.ts';
import { groupOf, kindName } from '../refs.ts';
import { claimTemplatesOf, isLess } from './claims.ts';

const IMMUTABLE = ['volumeClaimTemplates', 'serviceName', 'podManagementPolicy', 'selector'] as const;

/** What must be recreated when it changes; undefined for kinds that have nothing of the sort. */
export function shapeOf(manifest: Manifest): object | undefined {
  if (manifest.kind !== 'StatefulSet' || !manifest.apiVersion.startsWith('apps/')) return undefined;
  return IMMUTABLE.map((field) => read(manifest, 'spec', field));
}

/** The fields as the API server names them in its refusal; servers before 1.34 name only `spec`. */
const REFUSED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  'StatefulSet.apps': ['spec', ...IMMUTABLE.map((field) => `spec.${field}`)],
  'Deployment.apps': ['spec.selector'],
  'DaemonSet.apps': ['spec.selector'],
};

/** Whether it is of a kind of which something is never changed in place. */
export function hasShape(manifest: Pick<Manifest, 'apiVersion' | 'kind'>): boolean {
  return kindNameOf(manifest) in REFUSED_FIELDS;
}

/**
 * Whether a refusal is about what is never changed in place, so that recreating can cure it. What the server says of another
 * selector and the rest put together is of no account: what is made from nothing need not go together with what is there.
 */
export function isAboutShape(
  desired: Manifest,
  live: Manifest,
  causes: readonly { readonly field: string }[],
): boolean {
  if (causes.some(({ field }) => field === 'metadata.ownerReferences')) return false;
  const fields = REFUSED_FIELDS[kindNameOf(desired)] ?? [];
  const isOnlyShape = causes.length > 0 && causes.every(({ field }) => fields.includes(field));
  return hasShape(desired) && (isOnlyShape || replacesPods(desired, live));
}

function kindNameOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): string {
  return kindName({ group: groupOf(apiVersion), kind });
}

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** The pods of a workload, as `kubectl get pods -l` would select them. */
export function selectorOf(manifest: Manifest): string {
  const labels = Object.entries(Object(read(manifest, 'spec', 'selector', 'matchLabels')));
  const expressions = readMany(manifest, 'spec', 'selector', 'matchExpressions');
  return [
    ...labels.map(([label, value]) => `${label}=${String(value)}`).sort(),
    ...expressions.map((each) => requirementOf(Object(each))),
  ].join(',');
}

function requirementOf({ key, operator, values = [] }: Expression): string {
  if (operator === 'Exists') return key;
  return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`;
}

/** Whether it would look after none of the pods that are there: it can only be replaced together with them. */
export function replacesPods(desired: Manifest, former: Manifest): boolean {
  return selectorOf(desired) !== selectorOf(former);
}

/** Names of claim templates that only one of two StatefulSets has. */
export interface ClaimChange {
  readonly added: readonly string[];
  readonly gone: readonly string[];
}

export function claimChange(desired: Manifest, former: Manifest): ClaimChange {
  const [wanted, had] = [desired, former].map((each) => claimTemplatesOf(each).map(({ name }) => name));
  return {
    added: (wanted ?? []).filter((name) => !had?.includes(name)),
    gone: (had ?? []).filter((name) => !wanted?.includes(name)),
  };
}

/** Whether pods that run cannot have the volumes that are wanted: each is replaced, and so it is a rollout. */
export function changesClaims(desired: Manifest, former: Manifest): boolean {
  const { added, gone } = claimChange(desired, former);
  return added.length > 0 || gone.length > 0;
}

/** Why the pods of a workload are replaced with it; undefined when they stay as they are. */
export function replacementOf(desired: Manifest, former: Manifest): string | undefined {
  if (replacesPods(desired, former)) return 'is replaced together with its pods, since its selector changes';
  const { added, gone } = claimChange(desired, former);
  const changes = [...added.map((name) => `+${name}`), ...gone.map((name) => `-${name}`)].join(', ');
  if (changes === '') return undefined;
  return `is created again, and its pods are replaced one by one, since its claim templates change (${changes})`;
}

/**
 * The StatefulSet as it was, in the desired shape: same pod template, same replicas, and so the same pods. A template that mounts
 * the claims of one shape is not valid in another, so the desired one comes with other claims.
 */
export function reshaped(former: Manifest, desired: Manifest): Manifest {
  const replaced: readonly string[] = [...IMMUTABLE, ...(changesClaims(desired, former) ? ['template'] : [])];
  const fields = replaced.map((field) => [field, read(desired, 'spec', field)] as const);
  const shape = Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  const kept = Object.entries(Object(former['spec'])).filter(([field]) => !replaced.includes(field));
  return { ...former, spec: { ...Object.fromEntries(kept), ...shape } };
}

/** The StatefulSet with no claim template that asks for less than the live one does. */
export function withGrownClaims(desired: Manifest, live: Manifest): Manifest {
  if (shapeOf(desired) === undefined) return desired;
  const grown = new Map(claimTemplatesOf(live).map(({ name, storage }) => [name, storage]));
  const volumeClaimTemplates = readMany(desired, 'spec', 'volumeClaimTemplates').map((template) => {
    const storage = grown.get(readText(template, 'metadata', 'name')) ?? '';
    const { spec = {}, ...rest } = Object(template);
    const { requests = {}, ...resources } = Object(spec.resources);
    if (!isLess(String(requests.storage), storage)) return template;
    return { ...rest, spec: { ...spec, resources: { ...resources, requests: { ...requests, storage } } } };
  });
  if (volumeClaimTemplates.length === 0) return desired;
  return { ...desired, spec: { ...Object(desired['spec']), volumeClaimTemplates } };
}
