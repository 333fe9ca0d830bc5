import type { Manifest } from '../core/manifest.ts';
import type { ObjectRef } from '../core/refs.ts';
import type { Scaler } from '../core/scalers.ts';
import { scalerFrom, scalerOf } from '../core/scalers.ts';
import type { Change } from '../kubernetes/watcher.ts';

/** What is kept of an autoscaler; one without a target scales nothing. */
export interface LeanScaler {
  readonly uid: string;
  readonly scaler: Scaler | undefined;
}

export function leanScaler(object: Manifest): LeanScaler {
  return { uid: object.metadata.uid ?? '', scaler: scalerFrom(object) };
}

/** Answers from watches that have heard everything, or not at all. */
export interface ScalerReader {
  in(namespace: string | undefined): readonly Scaler[] | undefined;
}

/** The autoscalers of the cluster, whoever made them. */
export class Scalers {
  readonly #byNamespace = new Map<string, Map<string, Scaler>>();
  readonly #tell: (target: ObjectRef) => void;

  /** @param tell what is scaled by another one than before, or by nobody. */
  constructor(tell: (target: ObjectRef) => void) {
    this.#tell = tell;
  }

  in(namespace: string | undefined): readonly Scaler[] {
    return [...(this.#byNamespace.get(namespace ?? '')?.values() ?? [])];
  }

  of(workload: Manifest): string | undefined {
    return scalerOf(workload, this.in(workload.metadata.namespace));
  }

  take({ type, object, previous }: Change<LeanScaler>): void {
    const before = previous?.scaler;
    const after = type === 'DELETED' ? undefined : object.scaler;
    if (before) this.#scalersIn(before).delete(object.uid);
    if (after) this.#scalersIn(after).set(object.uid, after);
    if (before) this.#tell(before.target);
    if (after) this.#tell(after.target);
  }

  #scalersIn({ target }: Scaler): Map<string, Scaler> {
    const namespace = target.namespace ?? '';
    const known = this.#byNamespace.get(namespace) ?? new Map<string, Scaler>();
    this.#byNamespace.set(namespace, known);
    return known;
  }
}
