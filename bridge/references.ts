/**
 * Objects that resources read and do not own. A status names each with what was seen of it; where a watch sees something
 * else, its workflow is told. Only objects that a status names are kept.
 */
import type { Log } from '../core/log.ts';
import type { Manifest } from '../core/manifest.ts';
import { holderWord, isHolderWord } from '../core/ownership.ts';
import type { ObjectRef } from '../core/refs.ts';
import { groupOf, kindName, parseKindName, parseObjectKey } from '../core/refs.ts';
import { isContent, NOT_FOUND, seenOf } from '../core/seen.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { Backoff, pause } from '../kubernetes/backoff.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Change, Watcher } from '../kubernetes/watcher.ts';
import type { KnownResource } from './resources.ts';
import { statusOf } from './resources.ts';
import type { StartedWatch, Watches } from './watches.ts';

export interface ReferencesOptions {
  readonly api: Pick<KubernetesApi, 'get'>;
  readonly watches: Watches;
  /** Whether the bridge watches a few namespaces only; then references are watched namespace by namespace, too. */
  readonly byNamespace: boolean;
  /** Something that the resource of this workflow reads is not as it was seen. */
  readonly tell: (workflowId: string) => void;
  readonly log: Log;
}

/** An object as a watch saw it. */
interface Sighting {
  readonly ref: ObjectRef;
  readonly word: string;
  /** Who has it. */
  readonly holder: string;
}

/** One object that one resource reads. */
interface Reference {
  readonly workflowId: string;
  readonly ref: ObjectRef;
  /** By the workflow, as its status says. */
  readonly seen: string;
  /** What the workflow was told of, so that it is told once. */
  told: string | undefined;
}

const READ_BACKOFF = { minMs: 200, maxMs: 30_000 };

export class References {
  readonly #options: ReferencesOptions;
  readonly #byWorkflow = new Map<string, readonly Reference[]>();
  readonly #byName = new Map<string, Set<Reference>>();
  readonly #sightings = new Map<string, Sighting>();
  readonly #watching = new Map<string, StartedWatch<Sighting>>();
  readonly #reading = new Set<string>();
  readonly #stopping = new AbortController();
  #isKeepingUp = false;

  constructor(options: ReferencesOptions) {
    this.#options = options;
  }

  /** Watches all that is referred to; resolves when it was listed, or is not served. */
  async start(): Promise<void> {
    const references = [...this.#byWorkflow.values()].flat();
    await Promise.all(references.map(({ ref }) => this.#watch(ref).listed));
  }

  /** From now on what is referred to anew is watched at once, and what is seen is told. */
  keepUp(): void {
    this.#isKeepingUp = true;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Takes up what the status of a resource says. */
  put(resource: KnownResource): void {
    const { workflowId, ref: home } = resource;
    const before = new Map(this.#byWorkflow.get(workflowId)?.map((each) => [idOf(each.ref), each]));
    this.remove(workflowId);
    const references = (statusOf(resource).references ?? []).map(({ object, seen }): Reference => {
      const ref = parseObjectKey(object, home.namespace);
      const known = before.get(idOf(ref));
      return { workflowId, ref, seen, told: known?.seen === seen ? known.told : undefined };
    });
    if (references.length > 0) this.#byWorkflow.set(workflowId, references);
    for (const reference of references) {
      const name = nameOf(reference.ref);
      const siblings = this.#byName.get(name) ?? new Set();
      this.#byName.set(name, siblings.add(reference));
      if (!this.#isKeepingUp) continue;
      if (before.has(idOf(reference.ref))) this.#compare(reference);
      else void this.#begin(reference.ref);
    }
  }

  remove(workflowId: string): void {
    for (const reference of this.#byWorkflow.get(workflowId) ?? []) {
      const name = nameOf(reference.ref);
      const siblings = this.#byName.get(name);
      siblings?.delete(reference);
      if (siblings?.size === 0) this.#byName.delete(name);
    }
    this.#byWorkflow.delete(workflowId);
  }

  /** What is not as it was seen, in one line; empty when all is. Undefined when not all of it is known. */
  differenceOf(workflowId: string): string | undefined {
    const words = (this.#byWorkflow.get(workflowId) ?? []).map(({ ref, seen }) => ({
      seen,
      word: this.#wordOf(ref, seen),
      id: idOf(ref),
    }));
    if (words.some(({ word }) => word === undefined)) return undefined;
    const other = words.filter(({ seen, word }) => seen !== word);
    return other.map(({ id, word }) => `${id} ${word}`).join();
  }

  /** Ends the watches of what nobody refers to any more. */
  retire(): void {
    const places = new Set([...this.#byWorkflow.values()].flat().map(({ ref }) => this.#placeOf(ref)));
    const idle = [...this.#watching.keys()].filter((place) => !places.has(place));
    for (const place of idle) this.#watching.delete(place);
    for (const [id, { ref }] of this.#sightings)
      if (!this.#byName.has(nameOf(ref))) this.#sightings.delete(id);
    for (const place of idle) void this.#options.watches.unwatch(place);
  }

  /** A watch that runs already has passed over the object: it is read once, and watched from then on. */
  async #begin(ref: ObjectRef): Promise<void> {
    const isNew = !this.#watching.has(this.#placeOf(ref));
    const { watcher, listed } = this.#watch(ref);
    await listed;
    if (!isNew) await this.#read(ref, watcher);
    for (const reference of this.#byName.get(nameOf(ref)) ?? []) this.#compare(reference);
  }

  async #read(ref: ObjectRef, watcher: Watcher<Sighting>): Promise<void> {
    const id = idOf(ref);
    const backoff = new Backoff(READ_BACKOFF);
    const { signal } = this.#stopping;
    this.#reading.add(id);
    while (!signal.aborted && this.#byName.has(nameOf(ref))) {
      try {
        const metadataOnly = isContent(kindName(ref));
        const object = await this.#options.api.get(ref, { signal, metadataOnly });
        // An event that came meanwhile is newer than what was read.
        if (object && this.#reading.has(id)) watcher.show(object);
        break;
      } catch (error) {
        if (isNotServed(error)) break;
        if (backoff.failures === 0 && !signal.aborted)
          this.#options.log.warn({ object: id, error: String(error) }, 'cannot be read; trying again');
        await pause(backoff.next(), signal);
      }
    }
    this.#reading.delete(id);
  }

  /** The watch that sees the object. */
  #watch(ref: ObjectRef): StartedWatch<Sighting> {
    const place = this.#placeOf(ref);
    const known = this.#watching.get(place);
    if (known) return known;
    const kind = kindName(ref);
    const watching = this.#options.watches.watchOthers<Sighting>(place, parseKindName(kind), {
      ...(this.#options.byNamespace && ref.namespace !== undefined ? { namespace: ref.namespace } : {}),
      metadataOnly: isContent(kind),
      trim: (object) => this.#trim(object),
      onChange: (change) => this.#take(change),
    });
    this.#watching.set(place, watching);
    return watching;
  }

  #trim(object: Manifest): Sighting | undefined {
    const { namespace, name } = object.metadata;
    const kind = { group: groupOf(object.apiVersion), kind: object.kind };
    const ref = { ...kind, ...(namespace === undefined ? {} : { namespace }), name };
    return this.#byName.has(nameOf(ref))
      ? { ref, word: seenOf(object), holder: holderWord(object) }
      : undefined;
  }

  #take({ type, object }: Change<Sighting>): void {
    const { ref } = object;
    const id = idOf(ref);
    this.#reading.delete(id);
    if (type === 'DELETED') this.#sightings.delete(id);
    else this.#sightings.set(id, object);
    for (const reference of this.#byName.get(nameOf(ref)) ?? [])
      if (isAbout(reference.ref, ref)) this.#compare(reference);
  }

  #compare(reference: Reference): void {
    const word = this.#wordOf(reference.ref, reference.seen);
    if (word === reference.seen) reference.told = undefined;
    if (!this.#isKeepingUp || word === undefined || word === reference.seen || word === reference.told)
      return;
    reference.told = word;
    this.#options.tell(reference.workflowId);
  }

  /** The word to compare with the one that was seen; undefined while it is not known. */
  #wordOf(ref: ObjectRef, seen: string): string | undefined {
    const sighting = this.#sightings.get(idOf(ref)) ?? this.#sightings.get(idOf({ ...ref, namespace: '' }));
    if (sighting) return isHolderWord(seen) ? sighting.holder : sighting.word;
    if (this.#reading.has(idOf(ref))) return undefined;
    const watcher = this.#watching.get(this.#placeOf(ref))?.watcher;
    return watcher && watcher.lastHeardAt > 0 ? NOT_FOUND : undefined;
  }

  #placeOf(ref: ObjectRef): string {
    const place = this.#options.byNamespace && ref.namespace !== undefined ? ` in ${ref.namespace}` : '';
    return `${kindName(ref)} (of others)${place}`;
  }
}

/** The namespace of a reference to a cluster-scoped object may be that of the resource: authors need not know the scope. */
function isAbout(reference: ObjectRef, { namespace }: ObjectRef): boolean {
  return namespace === undefined || reference.namespace === namespace;
}

/** Its kind is not there, so neither is it; the watch waits for the kind. */
function isNotServed(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404;
}

function nameOf(ref: ObjectRef): string {
  return `${kindName(ref)}/${ref.name}`;
}

function idOf(ref: ObjectRef): string {
  return `${kindName(ref)}/${ref.namespace ?? ''}/${ref.name}`;
}
