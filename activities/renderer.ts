import type { Operator } from '../api/operator.ts';
import type { Resource } from '../api/resource.ts';
import { askedFingerprint, askedOf } from '../core/asked.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Rendered, Rendering } from '../core/plan/digests.ts';
import { render } from '../core/plan/digests.ts';
import { kindsIn } from '../core/plan/collect.ts';
import type { Plan } from '../core/plan/plan.ts';
import { desiredOf, planOf } from '../core/plan/plan.ts';
import type { Scope } from '../core/plan/scopes.ts';
import type { Seal } from '../core/plan/seal.ts';
import { isSecret, UNSEALED } from '../core/plan/seal.ts';
import { canonicalJson } from '../core/plan/text.ts';
import { digest } from './digest.ts';
import type { KindRef } from '../core/refs.ts';
import type { DigestKey } from './digest-key.ts';
import type { Scopes } from './scopes.ts';

/** A worker plans and renders a generation of a resource once, however many activities need it. */
export interface Renderer {
  /** @throws InvalidResource, or whatever the author's `desired` throws; StatusError when the key cannot be had. */
  plan(resource: Manifest): Promise<Plan>;
  /**
   * @param rendering what pods read of others, as the workflow saw it; and when they were last asked to restart.
   * @throws InvalidResource, or whatever the author's `desired` throws; StatusError when the key cannot be had.
   */
  render(resource: Manifest, rendering?: Omit<Rendering, 'seal'>): Promise<Rendered>;
}

/** About 10 kB a resource; the oldest is forgotten first. */
const REMEMBERED = 500;

interface Remembered {
  readonly version: string;
  readonly plan: Plan;
  /** {@link UNSEALED} where nothing of the plan is secret. */
  readonly seal: Seal;
  /** What was planned, and where it lives: a CRD that is installed later makes another plan. */
  readonly kinds: readonly KindRef[];
  readonly scopes: readonly (Scope | undefined)[];
  rendered: { readonly rendering: string; readonly result: Rendered } | undefined;
}

export function createRenderer(operator: Operator, key: DigestKey, scopesOf: Scopes): Renderer {
  const remembered = new Map<string, Remembered>();
  const isAsPlanned = async ({ seal, kinds, scopes }: Remembered): Promise<boolean> => {
    const scopeOf = await scopesOf(kinds);
    if (kinds.some((kind, index) => scopeOf(kind) !== scopes[index])) return false;
    return seal === UNSEALED || seal === (await key.seal());
  };
  const planned = async (resource: Manifest): Promise<Remembered> => {
    const { uid = '', generation = 0 } = resource.metadata;
    // `desired` may look at labels and annotations, which change without a generation.
    const version = `${generation} ${askedFingerprint(resource.metadata)}`;
    const known = remembered.get(uid);
    if (known?.version === version && (await isAsPlanned(known))) return known;
    const made = await planFor(operator, asResource(resource), { key, scopesOf });
    const fresh = { version, ...made, rendered: undefined };
    remembered.delete(uid);
    remembered.set(uid, fresh);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return fresh;
  };
  return {
    plan: async (resource) => (await planned(resource)).plan,
    async render(resource, rendering = {}) {
      const entry = await planned(resource);
      const text = canonicalJson(rendering);
      if (entry.rendered?.rendering !== text) {
        const result = render(entry.plan, digest, { ...rendering, seal: entry.seal });
        entry.rendered = { rendering: text, result };
      }
      return entry.rendered.result;
    },
  };
}

/** A plan without Secrets needs no key, and whoever has no right to read one can have it. */
async function planFor(
  operator: Operator,
  resource: Resource,
  { key, scopesOf }: { readonly key: DigestKey; readonly scopesOf: Scopes },
): Promise<Omit<Remembered, 'version' | 'rendered'>> {
  const desired = desiredOf(operator, resource);
  const kinds = kindsIn(desired);
  const scopeOf = await scopesOf(kinds);
  const scopes = kinds.map(scopeOf);
  const unsealed = planOf(operator, resource, desired, { seal: UNSEALED, scopeOf });
  if (!unsealed.objects.some((object) => isSecret(object.key)))
    return { plan: unsealed, seal: UNSEALED, kinds, scopes };
  const seal = await key.seal();
  return { plan: planOf(operator, resource, desired, { seal, scopeOf }), seal, kinds, scopes };
}

/** The author's view of a resource: what its generation and its `askedFingerprint` stand for, and nothing else. */
export function asResource(manifest: Manifest): Resource {
  const { name, namespace, uid = '', generation = 0 } = manifest.metadata;
  return {
    apiVersion: manifest.apiVersion,
    kind: manifest.kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      uid,
      generation,
      ...askedOf(manifest.metadata),
    },
    spec: manifest['spec'],
  };
}
