import type { ObjectReference } from '../api/operator.ts';
import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { isScalable } from '../core/plan/categories.ts';
import { scalerOf } from '../core/scalers.ts';
import type { Dependencies } from './dependencies.ts';
import { findScalers } from './find-scalers.ts';
import { refOfObject } from './read-resource.ts';

type Parts = Pick<Dependencies, 'api' | 'operator' | 'scalers' | 'log'>;

/** Scales in the name of a resource: the workload says who does it, before it is done. */
export class Scaling {
  readonly #dependencies: Parts;
  readonly #resource: Manifest;
  readonly #signal: AbortSignal;

  constructor(dependencies: Parts, resource: Manifest, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#resource = resource;
    this.#signal = signal;
  }

  async scale(target: ObjectReference, replicas: number): Promise<void> {
    const { api, operator } = this.#dependencies;
    const title = `${target.kind} ${target.name}`;
    if (!Number.isInteger(replicas) || replicas < 0)
      throw new Error(`${title} cannot have ${replicas} replicas; ask for a whole number of them`);
    const live = await this.#read(target);
    if (!live) throw new Error(`${title} is not there, and cannot be scaled`);
    if (!isScalable(live))
      throw new Error(`${title} cannot be scaled: it is no Deployment and no StatefulSet`);
    const scaler = scalerOf(live, await findScalers(this.#dependencies, live.metadata.namespace));
    if (scaler && scaler !== this.#name)
      throw new Error(`${title} is scaled by ${scaler}; let one of the two go`);
    if (!scaler) await this.#say(live, this.#name);
    await api.scale(this.#refOf(target), replicas, {
      fieldManager: `${operator.name}-scale`,
      signal: this.#signal,
    });
  }

  async release(target: ObjectReference): Promise<void> {
    const live = await this.#read(target);
    if (live?.metadata.annotations?.[ANNOTATIONS.scaledBy] === this.#name) await this.#say(live, undefined);
  }

  /** As people read it on the workload: `PinotAutoscaler pinot`. */
  get #name(): string {
    return `${this.#resource.kind} ${this.#resource.metadata.name}`;
  }

  async #say({ apiVersion, kind, metadata }: Manifest, who: string | undefined): Promise<void> {
    const { api, operator } = this.#dependencies;
    const { name, namespace, uid } = metadata;
    const annotations = who === undefined ? {} : { [ANNOTATIONS.scaledBy]: who };
    const place = { ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
    await api.apply(
      { apiVersion, kind, metadata: { name, ...place, annotations } },
      { fieldManager: `${operator.name}-scale`, signal: this.#signal },
    );
  }

  #read(target: ObjectReference): Promise<Manifest | undefined> {
    return this.#dependencies.api.get(this.#refOf(target), { signal: this.#signal });
  }

  #refOf(target: ObjectReference): ReturnType<typeof refOfObject> {
    return refOfObject(target, this.#resource.metadata.namespace);
  }
}
