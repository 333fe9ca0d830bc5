import type { Operator } from '../api/operator.ts';
import type { Resource } from '../api/resource.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Rendered } from '../core/plan/digests.ts';
import { render } from '../core/plan/digests.ts';
import { plan } from '../core/plan/plan.ts';
import { digest } from './digest.ts';

/** A worker renders a generation of a resource once, however many activities need it. */
export interface Renderer {
  /** @throws InvalidResource, or whatever the author's `desired` throws. */
  render(resource: Manifest): Rendered;
}

/** About 10 kB a resource; the oldest is forgotten first. */
const REMEMBERED = 500;

export function createRenderer(operator: Operator): Renderer {
  const rendered = new Map<string, { readonly version: string; readonly result: Rendered }>();
  return {
    render(resource) {
      const { uid = '', generation = 0, labels, annotations } = resource.metadata;
      // `desired` may look at labels and annotations, which change without a generation.
      const version = `${generation} ${JSON.stringify([labels, annotations])}`;
      const known = rendered.get(uid);
      if (known?.version === version) return known.result;
      const result = render(plan(operator, asResource(resource)), digest);
      rendered.delete(uid);
      rendered.set(uid, { version, result });
      const [oldest] = rendered.keys();
      if (rendered.size > REMEMBERED && oldest !== undefined) rendered.delete(oldest);
      return result;
    },
  };
}

/** The author's view of a resource. */
export function asResource(manifest: Manifest): Resource {
  const { name, namespace, uid = '', generation = 0, labels, annotations } = manifest.metadata;
  return {
    apiVersion: manifest.apiVersion,
    kind: manifest.kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      uid,
      generation,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    spec: manifest['spec'],
    status: manifest['status'],
  };
}
