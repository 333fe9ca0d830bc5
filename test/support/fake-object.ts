import type { Claim } from '../../core/rollout/claims.ts';
import type { Sources } from '../../activities/choose-plan.ts';
import type { DigestKey } from '../../activities/digest-key.ts';
import { createRenderer } from '../../activities/renderer.ts';
import type { Scopes } from '../../activities/scopes.ts';
import type { KeptPlan } from '../../activities/revisions.ts';
import { builtInScope } from '../../core/plan/scopes.ts';
import type { ObjectKey } from '../../core/refs.ts';
import type { ScaleSeen } from '../../core/scalers.ts';
import type { Operator } from '../../index.ts';
import type { ToySpec } from './toy-operator.ts';

/** An object whose health a test decides. */
export interface FakeObject {
  readonly uid: string;
  readonly generation: number;
  readonly digest: string;
  readonly template: string;
  readonly fields: string;
  readonly health: keyof typeof HEALTH;
  readonly deleting?: true;
  readonly scale?: ScaleSeen;
}

export const HEALTH = {
  Current: { state: 'Current', reason: '', message: '' },
  InProgress: { state: 'InProgress', reason: 'LessReady', message: '0 of 1 replicas ready' },
  Failed: { state: 'Failed', reason: 'CrashLoop', message: 'pod crashes' },
} as const;

/** Of operators that make no Secrets. */
export const NO_KEY: DigestKey = { seal: () => Promise.reject(new Error('nothing here is secret')) };

/** Of operators that make what Kubernetes itself serves. */
export const BUILT_IN_SCOPES: Scopes = () => Promise.resolve(builtInScope);

/** Plans come from this build of the operator, and from those that were kept. */
export function sourcesOf(
  operator: Operator<ToySpec>,
  kept: ReadonlyMap<string, KeptPlan>,
  tooLarge: () => boolean = () => false,
): Sources {
  const read = (_: string, name: string): Promise<KeptPlan | undefined> => Promise.resolve(kept.get(name));
  return {
    operator,
    renderer: createRenderer(operator, NO_KEY, BUILT_IN_SCOPES),
    digestKey: NO_KEY,
    revisions: { read, fits: () => Promise.resolve(!tooLarge()) },
  };
}

/** `at once`: what is applied is Current; `told`: it becomes so a moment later, and that is news. */
export type Heals = 'at once' | 'told' | 'when the test says';

export interface FakeOptions {
  readonly operator?: Operator<ToySpec>;
  /** @defaultValue `'default'` */
  readonly namespace?: string;
  /** @defaultValue `'told'` */
  readonly heals?: Heals;
  /** Objects that are asked to go stay until the test says. */
  readonly lingers?: boolean;
}
/** The resource, as it is wanted. */
export interface Wanted {
  readonly spec: ToySpec;
  readonly uid: string;
  readonly generation: number;
  readonly deleting?: true;
  readonly held: boolean;
}

/** An external object that its server does not have yet. */
export function claimed(key: ObjectKey): Claim {
  return { key, claimed: true, origin: 'created' };
}

export function keysOf(items: readonly { readonly key: ObjectKey }[]): readonly ObjectKey[] {
  return items.map(({ key }) => key);
}
