/**
 * What people ask of a resource beside its spec. Commands stand in annotations, and `desired` may read every label and annotation;
 * the API server counts no generation for them.
 */
import { shortHash } from './hash.ts';
import type { Manifest } from './manifest.ts';

/** kubectl notes there what it applied: nothing that was asked for. */
const KUBECTL = 'kubectl.kubernetes.io/';

/** Another one whenever a label or an annotation is another; empty without any. */
export function askedFingerprint({ labels = {}, annotations = {} }: Manifest['metadata']): string {
  const lines = [
    ...Object.entries(labels).map((entry) => ['label', ...entry]),
    ...Object.entries(annotations)
      .filter(([name]) => !name.startsWith(KUBECTL))
      .map((entry) => ['annotation', ...entry]),
  ].map((line) => JSON.stringify(line));
  return lines.length > 0 ? shortHash(lines.sort().join('\n')) : '';
}
