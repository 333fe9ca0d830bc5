/**
 * What people ask of a resource beside its spec. Commands stand in annotations, and `desired` may read every label and annotation;
 * the API server counts no generation for them.
 */
import { shortHash } from './hash.ts';
import type { Manifest } from './manifest.ts';

/** kubectl notes there what it applied: nothing that was asked for. */
const KUBECTL = 'kubectl.kubernetes.io/';

type Asked = Pick<Manifest['metadata'], 'labels' | 'annotations'>;

/** The labels and annotations that `desired` may read; a map is absent where none is left. */
export function askedOf({ labels = {}, annotations = {} }: Asked): Asked {
  const given = Object.entries(annotations).filter(([name]) => !name.startsWith(KUBECTL));
  return {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(given.length > 0 ? { annotations: Object.fromEntries(given) } : {}),
  };
}

/** Another one whenever a label or an annotation is another; empty without any. */
export function askedFingerprint(metadata: Asked): string {
  const { labels = {}, annotations = {} } = askedOf(metadata);
  const lines = [
    ...Object.entries(labels).map((entry) => ['label', ...entry]),
    ...Object.entries(annotations).map((entry) => ['annotation', ...entry]),
  ].map((line) => JSON.stringify(line));
  return lines.length > 0 ? shortHash(lines.sort().join('\n')) : '';
}
