/**
 * Whether a pod has the volumes that its StatefulSet's claim templates ask for. The controller cannot add one to a pod that runs: it
 * fails at the lowest pod that lacks one, before it makes or replaces any other (`storageMatches` in stateful_set_utils.go).
 */
import type { Manifest } from '../manifest.ts';
import { read, readMany, readText } from './read.ts';

/** The first claim template that the pod has no volume of; undefined when it has all, or its volumes are not known. */
export function lackedClaim(statefulSet: Manifest, pod: Manifest): string | undefined {
  if (read(pod, 'spec') === undefined) return undefined;
  const name = readText(pod, 'metadata', 'name');
  const claims = new Map(
    readMany(pod, 'spec', 'volumes').map((volume) => [
      readText(volume, 'name'),
      readText(volume, 'persistentVolumeClaim', 'claimName'),
    ]),
  );
  return readMany(statefulSet, 'spec', 'volumeClaimTemplates')
    .map((template) => readText(template, 'metadata', 'name'))
    .find((template) => claims.get(template) !== `${template}-${name}`);
}

/** Whether only its pods can say that they lack a volume: counted by revision, they may all be as they should. */
export function hasClaimTemplates(object: Manifest): boolean {
  return (
    readText(object, 'kind') === 'StatefulSet' && readMany(object, 'spec', 'volumeClaimTemplates').length > 0
  );
}

/** The number a StatefulSet gave to a pod or a claim, by its name. */
export function ordinalOf(name: string): number {
  return Number(/-(\d+)$/.exec(name)?.[1] ?? -1);
}
