import type { ObjectKey } from '../refs.ts';
import type { Hold } from './hold.ts';
import type { PlanView, ReconcileState } from './state.ts';

/** What is to be done next, and how long there is nothing to do. */
export type Step =
  /** `whole`: the rest of the pods, after the first few. */
  | { readonly kind: 'apply'; readonly keys: readonly ObjectKey[]; readonly whole?: true }
  /** External objects that are to be created: they are looked at, and named in the status, before. */
  | { readonly kind: 'claim'; readonly keys: readonly ObjectKey[] }
  | {
      readonly kind: 'hook';
      readonly key: ObjectKey;
      readonly when: 'before' | 'after';
      readonly hook: string;
    }
  | { readonly kind: 'gate'; readonly key: ObjectKey; readonly gate: string }
  /** A pod of an old revision holds up the workload. */
  | { readonly kind: 'unblock'; readonly key: ObjectKey }
  /** Puts back as it was what the rollout has not come to yet. */
  | { readonly kind: 'revert'; readonly keys: readonly ObjectKey[] }
  /** The next of the steps by which a workload gets what cannot be changed in place. */
  | { readonly kind: 'reshape'; readonly key: ObjectKey }
  /** What was being made anew is no longer wanted otherwise: it is put back as it was. */
  | { readonly kind: 'restore'; readonly keys: readonly ObjectKey[] }
  | { readonly kind: 'prune'; readonly keys: readonly ObjectKey[] }
  /**
   * `on`: what must become Current, open or gone; `wakeAt`: epoch milliseconds of the next deadline or retry; `hold`: what
   * keeps it although nothing is wrong.
   */
  | {
      readonly kind: 'wait';
      readonly on: readonly ObjectKey[];
      readonly wakeAt?: number;
      readonly hold?: Hold;
    };

export type Waiting = Extract<Step, { kind: 'wait' }>;

/** All that a step is decided by: what is wanted, what is known, and the time in epoch milliseconds. */
export interface Moment {
  readonly plan: PlanView;
  readonly state: ReconcileState;
  readonly now: number;
}
