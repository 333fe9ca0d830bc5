/**
 * The shape of a StatefulSet: the fields the API server never changes in place. A StatefulSet of another shape is recreated
 * around its pods (`next-reshape.ts`).
 */
import type { Manifest } from '../manifest.ts';
import { read, readMany, readText } from '../health/read.ts';
import { claimTemplatesOf, isLess } from './claims.ts';

const IMMUTABLE = ['volumeClaimTemplates', 'serviceName', 'podManagementPolicy', 'selector'] as const;

/** What must be recreated when it changes; undefined for kinds that have nothing of the sort. */
export function shapeOf(manifest: Manifest): object | undefined {
  if (manifest.kind !== 'StatefulSet' || !manifest.apiVersion.startsWith('apps/')) return undefined;
  return IMMUTABLE.map((field) => read(manifest, 'spec', field));
}

/** The fields as the API server names them in its refusal; servers before 1.34 name only `spec`. */
const REFUSED_FIELDS: ReadonlySet<string> = new Set(['spec', ...IMMUTABLE.map((field) => `spec.${field}`)]);

/** Whether a refusal is about the shape alone, so that recreating can cure it. */
export function isAboutShape(causes: readonly { readonly field: string }[]): boolean {
  return causes.length > 0 && causes.every(({ field }) => REFUSED_FIELDS.has(field));
}

/** The StatefulSet as it was, in the desired shape: same pod template, same replicas, and so the same pods. */
export function reshaped(former: Manifest, desired: Manifest): Manifest {
  const fields = IMMUTABLE.map((field) => [field, read(desired, 'spec', field)] as const);
  const shape = Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  const kept = Object.entries(Object(former['spec'])).filter(
    ([field]) => !IMMUTABLE.some((each) => each === field),
  );
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
