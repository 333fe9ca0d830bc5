import type { Operator } from '../api/operator.ts';
import type { Resource } from '../api/resource.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Contents, Rendered } from '../core/plan/digests.ts';
import { render } from '../core/plan/digests.ts';
import type { Plan } from '../core/plan/plan.ts';
import { plan } from '../core/plan/plan.ts';
import { digest } from './digest.ts';

/** A worker plans and renders a generation of a resource once, however many activities need it. */
export interface Renderer {
  /** @throws InvalidResource, or whatever the author's `desired` throws. */
  plan(resource: Manifest): Plan;
  /**
   * @param contents of what pods read of others, as the workflow saw it.
   * @throws InvalidResource, or whatever the author's `desired` throws.
   */
  render(resource: Manifest, contents?: Contents): Rendered;
}

/** About 10 kB a resource; the oldest is forgotten first. */
const REMEMBERED = 500;

interface Remembered {
  readonly version: string;
  readonly plan: Plan;
  rendered: { readonly contents: string; readonly result: Rendered } | undefined;
}

export function createRenderer(operator: Operator): Renderer {
  const remembered = new Map<string, Remembered>();
  const planned = (resource: Manifest): Remembered => {
    const { uid = '', generation = 0, labels, annotations } = resource.metadata;
    // `desired` may look at labels and annotations, which change without a generation.
    const version = `${generation} ${JSON.stringify([labels, annotations])}`;
    const known = remembered.get(uid);
    if (known?.version === version) return known;
    const fresh = { version, plan: plan(operator, asResource(resource)), rendered: undefined };
    remembered.delete(uid);
    remembered.set(uid, fresh);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return fresh;
  };
  return {
    plan: (resource) => planned(resource).plan,
    render(resource, contents = {}) {
      const entry = planned(resource);
      const text = JSON.stringify(contents);
      if (entry.rendered?.contents !== text)
        entry.rendered = { contents: text, result: render(entry.plan, digest, contents) };
      return entry.rendered.result;
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
