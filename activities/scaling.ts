import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectReference } from '../api/operator.ts';
import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { isScalable } from '../core/plan/categories.ts';
import { scalerOf } from '../core/scalers.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { findScalers } from './find-scalers.ts';
import { refOfObject } from './read-resource.ts';

type Parts = Pick<Dependencies, 'api' | 'operator' | 'scalers' | 'log'>;

/** How often a claim is written where something changes the workload at each try, and the pauses between, which double. */
const MOST_TRIES = 9;
const FIRST_PAUSE_MS = 10;

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
    if (!Number.isInteger(replicas) || replicas < 0)
      throw new Error(`${titleOf(target)} cannot have ${replicas} replicas; ask for a whole number of them`);
    await this.#changing(target, (live) => this.#claim(target, live));
    await api.scale(this.#refOf(target), replicas, {
      fieldManager: `${operator.name}-scale`,
      signal: this.#signal,
    });
  }

  async release(target: ObjectReference): Promise<void> {
    await this.#changing(target, async (live) => {
      if (live && claimOn(live) === this.#nameFor(live)) await this.#say(live, undefined);
    });
  }

  /** @throws Error when it is not there, cannot be scaled, or another scales it. */
  async #claim(target: ObjectReference, live: Manifest | undefined): Promise<void> {
    const title = titleOf(target);
    if (!live) throw new Error(`${title} is not there, and cannot be scaled`);
    if (!isScalable(live))
      throw new Error(`${title} cannot be scaled: it is no Deployment and no StatefulSet`);
    const scaler = scalerOf(live, await findScalers(this.#dependencies, live.metadata.namespace));
    const name = this.#nameFor(live);
    if (scaler && scaler !== name) throw new Error(`${title} is scaled by ${scaler}; let one of the two go`);
    if (!scaler) await this.#say(live, name);
  }

  /** With the object as it is read: again, where it changed before that was written. */
  async #changing(
    target: ObjectReference,
    change: (live: Manifest | undefined) => Promise<void>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await change(await this.#read(target));
      } catch (error) {
        const isStale = error instanceof StatusError && error.reason === 'Conflict';
        if (!isStale || attempt === MOST_TRIES) throw error;
        await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1) * Math.random(), undefined, { signal: this.#signal });
      }
    }
  }

  /** As people read it on the workload: `PinotAutoscaler pinot`; of another namespace, `PinotAutoscaler metrics/pinot`. */
  #nameFor(live: Manifest): string {
    const { kind, metadata } = this.#resource;
    const { name, namespace } = metadata;
    const isElsewhere = namespace !== undefined && namespace !== live.metadata.namespace;
    return `${kind} ${isElsewhere ? `${namespace}/` : ''}${name}`;
  }

  /** On exactly the object that was read: of two that claim it at one moment, one finds the other's name. */
  async #say({ apiVersion, kind, metadata }: Manifest, who: string | undefined): Promise<void> {
    const { api, operator } = this.#dependencies;
    const { name, namespace, uid, resourceVersion } = metadata;
    const annotations = who === undefined ? {} : { [ANNOTATIONS.scaledBy]: who };
    const place = { ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
    const version = resourceVersion ? { resourceVersion } : {};
    await api.apply(
      { apiVersion, kind, metadata: { name, ...place, ...version, annotations } },
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

function titleOf({ kind, name }: ObjectReference): string {
  return `${kind} ${name}`;
}

function claimOn({ metadata }: Manifest): string | undefined {
  return metadata.annotations?.[ANNOTATIONS.scaledBy];
}
