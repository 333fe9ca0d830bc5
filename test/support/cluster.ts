import { ClusterApi } from '../../sandbox/cluster-api.ts';
import { accessOf, freshNamespace, sharedSandbox } from './sandbox.ts';
import { eventually } from '../../testing/eventually.ts';

/** The fields that tests look at. */
export interface Seen {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { type: string; status: string; reason?: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly state?: { readonly waiting?: { readonly reason: string } };
      readonly lastState?: { readonly terminated?: { readonly reason: string; readonly exitCode: number } };
    }[];
    readonly capacity?: { readonly storage: string };
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] };
  };
}

/** A namespace of the shared sandbox, and plain words to the API server about it. */
export class Cluster implements AsyncDisposable {
  readonly namespace: string;
  readonly #api: ClusterApi;

  private constructor(namespace: string, api: ClusterApi) {
    this.namespace = namespace;
    this.#api = api;
  }

  static async open(prefix: string): Promise<Cluster> {
    const sandbox = await sharedSandbox();
    return new Cluster(await freshNamespace(sandbox, prefix), new ClusterApi(accessOf(sandbox)));
  }

  async create(plural: string, body: Record<string, unknown>, group = 'api/v1'): Promise<void> {
    const path = `/${group}/namespaces/${this.namespace}/${plural}`;
    await this.#api.expect({ method: 'POST', path, body });
  }

  async patch(path: string, body: unknown): Promise<void> {
    const contentType = 'application/merge-patch+json';
    await this.#api.expect({ method: 'PATCH', path: this.#inNamespace(path), body, contentType });
  }

  async remove(path: string): Promise<void> {
    await this.#api.expect({ method: 'DELETE', path: this.#inNamespace(path) });
  }

  /** Waits until the object is as asked for; `undefined` stands for one that does not exist. */
  async become(path: string, isSo: (object: Seen | undefined) => boolean): Promise<void> {
    let last: unknown;
    await eventually(`${path} as asked for`, async () => {
      const { code, body } = await this.#api.call({ method: 'GET', path: this.#inNamespace(path) });
      last = code === 404 ? undefined : body;
      return isSo(last === undefined ? undefined : (last as Seen));
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; it is ${JSON.stringify(last)}`);
    });
  }

  #inNamespace(path: string): string {
    return `/api/v1/namespaces/${this.namespace}/${path}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#api.close();
  }
}
