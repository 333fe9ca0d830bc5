import type { KubeConfig } from '@kubernetes/client-node';
import type { Log } from '../core/log.ts';
import type { Manifest } from '../core/manifest.ts';
import type { KindRef, ObjectRef } from '../core/refs.ts';
import { apiVersionOf, groupOf, versionOf } from '../core/refs.ts';
import { replicasOf } from '../core/replicas.ts';
import type {
  Applied,
  ApplyOptions,
  CallOptions,
  GetOptions,
  CreateOptions,
  JsonPatchOperation,
  ListOptions,
  RemoveOptions,
  ScaleOptions,
  Selection,
  ServedKind,
  Versioned,
  WatchableApi,
  WatchOptions,
} from './api.ts';
import { Discovery, rootOf } from './discovery.ts';
import type { FlowStatus } from './flow-control.ts';
import { PAGE_SIZE, visitList } from './list.ts';
import { StatusError } from './status-error.ts';
import { parseStatus, statusErrorOf } from './status-mapping.ts';
import type { Call } from './transport.ts';
import { Transport } from './transport.ts';

export interface ClientOptions {
  readonly kubeConfig: KubeConfig;
  /** @defaultValue {@link DEFAULT_USER_AGENT} */
  readonly userAgent?: string;
  /** Where it is told that the server is away, or has too much to do. */
  readonly log?: Log;
}

export const DEFAULT_USER_AGENT = 'durable-operator';

/** A {@link WatchableApi} with connections of its own. */
export interface KubernetesClient extends WatchableApi {
  /** How much is asked of the server now, and whether it answers. */
  flow(): FlowStatus;
  /** Ends every request and every watch. */
  close(): Promise<void>;
}

/** A client of the cluster that `kubeConfig` points at. It connects when it is first used. */
export function createKubernetesApi({ kubeConfig, userAgent, log }: ClientOptions): KubernetesClient {
  return new Client(new Transport(kubeConfig, userAgent ?? DEFAULT_USER_AGENT, log));
}

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

const STREAMED_LIST = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };

class Client implements KubernetesClient {
  readonly #transport: Transport;
  readonly #discovery: Discovery;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#discovery = new Discovery((path, options) => this.#readDocument(path, options));
  }

  async get(ref: Versioned<ObjectRef>, options: GetOptions = {}): Promise<Manifest | undefined> {
    const kind = await this.servedKind(ref, options);
    const accept = options.metadataOnly ? { accept: METADATA } : {};
    const call: Call = { method: 'GET', path: objectPath(kind, ref), ...accept, ...sendingOf(options) };
    const answer = await this.#transport.ask(call);
    if (answer.code < 400) return parseObject(answer.text);
    const status = parseStatus(answer.text);
    if (answer.code === 404 && status?.details?.name) return undefined;
    // A 404 that names no object is about the path: the kind is no longer served as discovery said.
    if (answer.code === 404) this.#discovery.forget(ref.group);
    throw statusErrorOf(call, answer);
  }

  async apply(manifest: Manifest, options: ApplyOptions): Promise<Applied> {
    const { fieldManager, force = true, trial, subresource } = options;
    const path = await this.#pathOf(manifest, options);
    const query = new URLSearchParams({ fieldManager, force: String(force), fieldValidation: 'Strict' });
    if (trial) query.set('dryRun', 'All');
    const answer = await this.#change(groupOf(manifest.apiVersion), {
      method: 'PATCH',
      path: `${path}${subresource ? `/${subresource}` : ''}?${query.toString()}`,
      body: manifest,
      // JSON is YAML; the API servers of today's clusters know this name, the older ones no other.
      contentType: 'application/apply-patch+yaml',
      ...sendingOf(options),
    });
    return { object: parseObject(answer.text), created: answer.code === 201 };
  }

  async create(manifest: Manifest, options: CreateOptions = {}): Promise<Manifest> {
    const kind = await this.servedKind(kindOf(manifest), options);
    const { fieldManager, trial } = options;
    const query = new URLSearchParams({
      fieldValidation: 'Strict',
      ...(fieldManager ? { fieldManager } : {}),
      ...(trial ? { dryRun: 'All' } : {}),
    });
    const answer = await this.#change(kind.group, {
      method: 'POST',
      path: `${kindPath(kind, manifest.metadata.namespace)}?${query.toString()}`,
      body: manifest,
      ...sendingOf(options),
    });
    return parseObject(answer.text);
  }

  async patch(
    ref: Versioned<ObjectRef>,
    operations: readonly JsonPatchOperation[],
    options: CallOptions = {},
  ): Promise<Manifest> {
    const kind = await this.servedKind(ref, options);
    const answer = await this.#change(kind.group, {
      method: 'PATCH',
      path: objectPath(kind, ref),
      body: operations,
      contentType: 'application/json-patch+json',
      ...sendingOf(options),
    });
    return parseObject(answer.text);
  }

  async scale(ref: Versioned<ObjectRef>, replicas: number, options: ScaleOptions): Promise<number> {
    const { fieldManager } = options;
    const kind = await this.servedKind(ref, options);
    const path = `${objectPath(kind, ref)}/scale`;
    const before = await this.#change(kind.group, { method: 'GET', path, ...sendingOf(options) });
    const had = replicasOf(parseObject(before.text)) ?? 0;
    if (had === replicas) return had;
    await this.#change(kind.group, {
      method: 'PATCH',
      path: `${path}?${new URLSearchParams({ fieldManager }).toString()}`,
      body: { spec: { replicas } },
      contentType: 'application/merge-patch+json',
      ...sendingOf(options),
    });
    return had;
  }

  async remove(ref: ObjectRef, options: RemoveOptions): Promise<'removed' | 'gone'> {
    const kind = await this.servedKind(ref, options);
    const body = deleteOptions(options);
    return this.#remove(ref, options, { method: 'DELETE', path: objectPath(kind, ref), body });
  }

  async evict(pod: ObjectRef, options: RemoveOptions): Promise<'removed' | 'gone'> {
    const kind = await this.servedKind(pod, options);
    const { name, namespace } = pod;
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
      deleteOptions: deleteOptions(options),
    };
    return this.#remove(pod, options, { method: 'POST', path: `${objectPath(kind, pod)}/eviction`, body });
  }

  async #remove(ref: ObjectRef, options: RemoveOptions, request: Call): Promise<'removed' | 'gone'> {
    const { uid } = options;
    const call: Call = { ...request, ...sendingOf(options) };
    const answer = await this.#transport.ask(call);
    if (answer.code < 400) return 'removed';
    if (answer.code === 404 && parseStatus(answer.text)?.details?.name) return 'gone';
    // Either another object has the name now, or the deletion itself is in conflict.
    if (answer.code === 409 && (await this.get(ref, options))?.metadata.uid !== uid) return 'gone';
    if (answer.code === 404) this.#discovery.forget(ref.group);
    throw statusErrorOf(call, answer);
  }

  async list(
    kind: Versioned<KindRef>,
    options: ListOptions = {},
  ): Promise<{ items: Manifest[]; resourceVersion: string }> {
    let items: Manifest[] = [];
    const collect = (object: Manifest): number => items.push(object);
    try {
      return { resourceVersion: await this.#visit(kind, { ...options, limit: PAGE_SIZE }, collect), items };
    } catch (error) {
      // The list was forgotten between two of its pages (a continue token lives some five minutes).
      if (!(error instanceof StatusError) || error.code !== 410) throw error;
      items = [];
      return { resourceVersion: await this.#visit(kind, options, collect), items };
    }
  }

  visit(kind: Versioned<KindRef>, options: ListOptions, visit: (object: Manifest) => void): Promise<string> {
    return this.#visit(kind, { ...options, limit: PAGE_SIZE, isOfWatch: true }, visit);
  }

  async watch(kind: Versioned<KindRef>, options: WatchOptions): Promise<AsyncIterable<Buffer>> {
    const served = await this.servedKind(kind, options);
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      ...(options.resourceVersion === undefined ? {} : { resourceVersion: options.resourceVersion }),
      ...(options.sendInitialEvents ? STREAMED_LIST : {}),
      timeoutSeconds: String(options.timeoutSeconds),
      ...selectionQuery(options),
    });
    try {
      return await this.#transport.stream({
        method: 'GET',
        path: `${kindPath(served, options.namespace)}?${query.toString()}`,
        ...(options.metadataOnly ? { accept: METADATA } : {}),
        ...sendingOf(options),
      });
    } catch (error) {
      this.#forgetAfter404(served.group, error);
      throw error;
    }
  }

  servedKind(kind: Versioned<KindRef>, options: CallOptions = {}): Promise<ServedKind> {
    return this.#discovery.find(kind, options);
  }

  flow(): FlowStatus {
    return this.#transport.flow;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #visit(
    kind: Versioned<KindRef>,
    { limit, isOfWatch, ...options }: ListOptions & { readonly limit?: number; readonly isOfWatch?: true },
    visit: (object: Manifest) => void,
  ): Promise<string> {
    const served = await this.servedKind(kind, options);
    const accept = options.metadataOnly ? { accept: METADATA_LIST } : {};
    const path = kindPath(served, options.namespace);
    const readPage = async (page: Record<string, string>): Promise<string> => {
      const query = new URLSearchParams({ ...page, ...selectionQuery(options) }).toString();
      const call: Call = {
        method: 'GET',
        path: `${path}?${query}`,
        ...accept,
        ...(isOfWatch ? { isOfWatch } : {}),
        ...sendingOf(options),
      };
      return (await this.#change(served.group, call)).text;
    };
    const list = {
      apiVersion: apiVersionOf(served),
      kind: served.kind,
      ...(limit ? { limit } : {}),
      readPage,
    };
    return visitList(list, visit);
  }

  async #change(group: string, call: Call): Promise<{ code: number; text: string }> {
    try {
      return await this.#transport.send(call);
    } catch (error) {
      this.#forgetAfter404(group, error);
      throw error;
    }
  }

  /** Discovery is cheap and a 404 rare: the next call finds out whether the kind has moved to another version. */
  #forgetAfter404(group: string, error: unknown): void {
    if (error instanceof StatusError && error.code === 404) this.#discovery.forget(group);
  }

  async #pathOf(manifest: Manifest, options: CallOptions): Promise<string> {
    const kind = await this.servedKind(kindOf(manifest), options);
    return objectPath(kind, manifest.metadata);
  }

  async #readDocument(path: string, options: CallOptions): Promise<unknown> {
    const call: Call = { method: 'GET', path, isOfWatch: true, ...sendingOf(options) };
    const answer = await this.#transport.ask(call);
    if (answer.code === 404) return undefined;
    if (answer.code >= 400) throw statusErrorOf(call, answer);
    return JSON.parse(answer.text);
  }
}

function sendingOf({ signal, beforeSend }: CallOptions): Pick<Call, 'signal' | 'beforeSend'> {
  return { signal, beforeSend };
}

function deleteOptions({ uid, resourceVersion, propagationPolicy }: RemoveOptions): object {
  const preconditions = { uid, resourceVersion };
  return { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy };
}

function kindOf({ apiVersion, kind }: Manifest): Versioned<KindRef> {
  return { group: groupOf(apiVersion), version: versionOf(apiVersion), kind };
}

function kindPath(kind: ServedKind, namespace: string | undefined): string {
  const place =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${rootOf(kind.group)}/${kind.version}${place}/${kind.plural}`;
}

function objectPath(kind: ServedKind, ref: { readonly name: string; readonly namespace?: string }): string {
  if (kind.namespaced && !ref.namespace)
    throw new StatusError(`${kind.kind} ${ref.name} has no namespace; its kind needs one`, {
      code: 400,
      reason: 'BadRequest',
    });
  return `${kindPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

function selectionQuery({
  labelSelector,
  fieldSelector,
}: Selection & Pick<ListOptions, 'fieldSelector'>): Record<string, string> {
  return { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) };
}

function parseObject(text: string): Manifest {
  const object: Manifest = JSON.parse(text);
  return object;
}
