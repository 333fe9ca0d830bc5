/** A resource kind of its own, a namespace, a bridge, and what the bridge said to whom: read from Temporal's history. */
import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { customResource } from '../../api/resource.ts';
import type { ResourceDefinition } from '../../api/resource.ts';
import type { Bridge, BridgeOptions } from '../../bridge/bridge.ts';
import { createBridge } from '../../bridge/bridge.ts';
import { inventoryFingerprint, ownedFields } from '../../core/fields.ts';
import { ANNOTATIONS, LABELS } from '../../core/labels.ts';
import { isScalable } from '../../core/plan/categories.ts';
import { ownsReplicas } from '../../core/replicas.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { ObjectKey } from '../../core/refs.ts';
import { groupOf, kindName, objectKey, workflowIdOf } from '../../core/refs.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createKubernetesApi } from '../../kubernetes/client.ts';
import { loadKubeConfig } from '../../kubernetes/kube-config.ts';
import type { Hint } from '../../core/hint.ts';
import { freshNamespace, sharedSandbox } from './sandbox.ts';
import { eventually } from '../../testing/eventually.ts';

export const WIDGET: ResourceDefinition = customResource('bridge.durable-operator.dev/v1', 'Widget');
const KIND = { group: WIDGET.group, version: WIDGET.version, kind: WIDGET.kind };

export interface Said {
  readonly signal: string;
  readonly hint: Hint;
}

export class BridgeWorld implements AsyncDisposable {
  readonly api: KubernetesClient;
  readonly client: Client;
  readonly namespace: string;
  readonly operator: string;
  readonly #connections: NativeConnection[] = [];
  readonly #bridges: Bridge[] = [];

  private constructor(api: KubernetesClient, connection: NativeConnection, namespace: string) {
    this.api = api;
    this.client = new Client({ connection });
    this.#connections.push(connection);
    this.namespace = namespace;
    this.operator = `widgets-${namespace}`;
  }

  static async begin(prefix: string): Promise<BridgeWorld> {
    const sandbox = await sharedSandbox();
    const api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    const connection = await NativeConnection.connect({ address: sandbox.temporal.address });
    const world = new BridgeWorld(api, connection, await freshNamespace(sandbox, prefix));
    await world.#installCrd();
    return world;
  }

  /** A bridge of this world's namespace; by another way to Temporal when an address is given. */
  async bridge(
    options: {
      readonly temporal?: string;
      readonly api?: KubernetesClient;
      readonly resyncPeriodMs?: number;
      readonly sweepPeriodMs?: number;
      readonly resyncs?: BridgeOptions['resyncs'];
      readonly searchAttributes?: boolean;
    } = {},
  ): Promise<Bridge> {
    let client = this.client;
    if (options.temporal) {
      const connection = await NativeConnection.connect({ address: options.temporal });
      this.#connections.push(connection);
      client = new Client({ connection });
    }
    const bridge = createBridge({
      operator: { name: this.operator, resource: WIDGET },
      api: options.api ?? this.api,
      client,
      namespaces: { allowed: [this.namespace] },
      searchAttributes: options.searchAttributes ?? false,
      ...(options.resyncPeriodMs === undefined ? {} : { resyncPeriodMs: options.resyncPeriodMs }),
      ...(options.resyncs ? { resyncs: options.resyncs } : {}),
      ...(options.sweepPeriodMs === undefined ? {} : { sweepPeriodMs: options.sweepPeriodMs }),
      log: {
        info: () => undefined,
        warn: () => undefined,
        error: (fields) => this.errors.push(fields),
      },
    });
    this.#bridges.push(bridge);
    bridge.lead();
    await bridge.start();
    return bridge;
  }

  readonly errors: Readonly<Record<string, unknown>>[] = [];

  async widget(name: string, size = 1, annotations: Record<string, string> = {}): Promise<Manifest> {
    const { object } = await this.api.apply(
      {
        apiVersion: `${WIDGET.group}/${WIDGET.version}`,
        kind: WIDGET.kind,
        metadata: { name, namespace: this.namespace, annotations },
        spec: { size },
      },
      { fieldManager: 'person' },
    );
    return object;
  }

  async removeWidget({ metadata }: Manifest): Promise<void> {
    await this.api.remove(
      { ...KIND, namespace: this.namespace, name: metadata.name },
      { uid: metadata.uid ?? '' },
    );
  }

  /** Applies an object of the widget as the operator would. */
  async own(widget: Manifest, manifest: Manifest, digest: string = 'd1'): Promise<Manifest> {
    const { name, uid = '' } = widget.metadata;
    const { metadata } = manifest;
    const { object } = await this.api.apply(
      {
        ...manifest,
        metadata: {
          ...metadata,
          namespace: this.namespace,
          labels: { ...metadata.labels, [LABELS.managedBy]: this.operator, [LABELS.resource]: uid },
          annotations: { ...metadata.annotations, [ANNOTATIONS.digest]: digest },
          ownerReferences: [
            { apiVersion: widget.apiVersion, kind: widget.kind, name, uid, controller: true },
          ],
        },
      },
      { fieldManager: this.operator },
    );
    return object;
  }

  /** Writes the status that the workflow would, of these objects. */
  async report(
    widget: Manifest,
    objects: readonly Manifest[],
    ready: 'True' | 'False' = 'True',
    externals: readonly ObjectKey[] = [],
  ): Promise<Manifest> {
    const { name, uid = '', generation = 0 } = widget.metadata;
    const lines = objects.map((object) => ({
      key: keyOf(object, this.namespace),
      uid: object.metadata.uid ?? '',
      fields: ownedFields(object, this.operator),
      scale: { owned: isScalable(object) && ownsReplicas(object, this.operator) },
    }));
    const kinds = new Set(
      objects.map((object) => kindName({ group: groupOf(object.apiVersion), kind: object.kind })),
    );
    const { object } = await this.api.apply(
      {
        apiVersion: widget.apiVersion,
        kind: widget.kind,
        metadata: { name, namespace: this.namespace, uid },
        status: {
          observedGeneration: generation,
          conditions: [
            { type: 'Ready', status: ready, observedGeneration: generation, reason: 'Test', message: '' },
          ],
          inventory: {
            objects: objects.length,
            kinds: [...kinds].sort(),
            ...(externals.length > 0 ? { externals } : {}),
            fingerprint: inventoryFingerprint(lines),
          },
        },
      },
      { fieldManager: this.operator, subresource: 'status' },
    );
    return object;
  }

  idOf(name: string): string {
    return workflowIdOf({ ...WIDGET, namespace: this.namespace, name });
  }

  /** Everything that the workflow of the widget was told, in order. */
  async said(name: string): Promise<Said[]> {
    return (await this.#signals(name)).map(([, said]) => said);
  }

  /** When Temporal took what the workflow of the widget was told, in epoch milliseconds. */
  async saidAt(name: string): Promise<number[]> {
    return (await this.#signals(name)).map(([at]) => at);
  }

  async #signals(name: string): Promise<[at: number, Said][]> {
    const history = await this.client.workflow
      .getHandle(this.idOf(name))
      .fetchHistory()
      .catch(() => undefined);
    return (history?.events ?? []).flatMap(({ eventTime, ...event }): [number, Said][] => {
      const { workflowExecutionSignaledEventAttributes: signaled } = event;
      const [payload] = signaled?.input?.payloads ?? [];
      if (!signaled || !payload) return [];
      const hint = defaultPayloadConverter.fromPayload<Hint>(payload);
      const at = Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
      return [[at, { signal: signaled.signalName ?? '', hint }]];
    });
  }

  async hears(name: string, what: string, told: (said: readonly Said[]) => boolean): Promise<Said[]> {
    return eventually(`${what} for ${name}`, async () => {
      const said = await this.said(name);
      return told(said) && said;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bridges.map((bridge) => bridge.stop()));
    await this.api.close();
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  async #installCrd(): Promise<void> {
    const { group, version, kind, plural } = WIDGET;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await this.api.apply(
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `${plural}.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { kind, plural },
          versions: [{ name: version, served: true, storage: true, subresources: { status: {} }, schema }],
        },
      },
      { fieldManager: 'test' },
    );
    await eventually('Widget to be served', () =>
      this.api.list(KIND, { namespace: this.namespace }).then(
        () => true,
        () => false,
      ),
    );
  }
}

export function keyOf(object: Manifest, home: string): string {
  return objectKey({ group: groupOf(object.apiVersion), kind: object.kind, ...object.metadata }, home);
}
