import { randomBytes } from 'node:crypto';
import type { Manifest } from '../core/manifest.ts';
import { groupOf } from '../core/refs.ts';
import type { Sandbox } from '../sandbox/index.ts';
import type { AnyOperator, Running, RunOptions } from '../worker/index.ts';
import type { Cluster } from './cluster.ts';
import { connectCluster } from './cluster.ts';
import { assertConditionLaws } from './condition-laws.ts';
import type { EventuallyOptions } from './eventually.ts';
import { eventually } from './eventually.ts';
import type { Written } from './manifests.ts';
import { readManifests } from './manifests.ts';
import { sharedSandbox } from './shared-sandbox.ts';

export interface EnvironmentOptions {
  readonly operators: AnyOperator | readonly AnyOperator[];
  /** YAML files with the CustomResourceDefinitions; those that are there already are brought up to date. */
  readonly crds: readonly (string | URL)[];
  /** @defaultValue {@link sharedSandbox} */
  readonly sandbox?: Sandbox;
  /** For the operators, beside where they work. Silent by default. */
  readonly run?: RunOptions;
}

/** A resource, by what its manifest begins with. */
type Named = Pick<Written, 'apiVersion' | 'kind'> & { readonly metadata: { readonly name: string } };

/** An operator at work on a real API server and a real Temporal, in a namespace of its own. */
export class Environment implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly sandbox: Sandbox;
  readonly #running: Running;

  constructor(cluster: Cluster, namespace: string, sandbox: Sandbox, running: Running) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.sandbox = sandbox;
    this.#running = running;
  }

  /** Creates what a person wrote, or changes it, as kubectl does. */
  async apply({ apiVersion, kind, metadata, ...rest }: Written): Promise<Manifest> {
    const { name, namespace = this.namespace } = metadata;
    const manifest = { apiVersion, kind, metadata: { name, namespace }, ...rest };
    const { object } = await this.cluster.apply(manifest, { fieldManager: 'kubectl' });
    return object;
  }

  /** An object of the namespace; undefined when there is none. */
  get({ apiVersion, kind, metadata }: Named): Promise<Manifest | undefined> {
    const ref = { group: groupOf(apiVersion), kind, namespace: this.namespace, name: metadata.name };
    return this.cluster.get(ref);
  }

  /**
   * The resource, once its status is of its newest generation and has the condition, for example `Ready` or `Stalled`. Its
   * conditions obey the laws then.
   *
   * @throws Error with the last status that was seen.
   */
  async until(resource: Named, condition: string, options: EventuallyOptions = {}): Promise<Manifest> {
    const what = `${resource.kind} ${resource.metadata.name} is ${condition}`;
    let status: StatusSeen | undefined;
    const look = async (): Promise<Manifest | undefined> => {
      const seen: (Manifest & { readonly status?: StatusSeen }) | undefined = await this.get(resource);
      status = seen?.status;
      if (!seen || status?.observedGeneration !== seen.metadata.generation) return undefined;
      assertConditionLaws(seen);
      const isTrue = status?.conditions?.some((each) => each.type === condition && each.status === 'True');
      return isTrue ? seen : undefined;
    };
    return eventually(what, look, options).catch((error: unknown) => {
      throw new Error(`${what}, which did not happen; its status is ${JSON.stringify(status, null, 1)}`, {
        cause: error,
      });
    });
  }

  /** Stops the operators. What is in the namespace stays, as a sandbox is thrown away whole. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop();
    await this.cluster.close();
  }
}

interface StatusSeen {
  readonly observedGeneration?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/**
 * Installs the schemas, makes a namespace, and starts the operators there.
 *
 * @throws ManifestError when a schema cannot be read.
 */
export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { operators, crds, run = {} } = options;
  // Who only plans does not wait for Temporal's SDK to load.
  const { startOperators } = await import('../worker/index.ts');
  const schemas = (await Promise.all(crds.map(readManifests))).flat();
  const sandbox = options.sandbox ?? (await sharedSandbox());
  const cluster = connectCluster(sandbox.kubeconfig);
  try {
    const namespace = await freshNamespace(cluster);
    for (const schema of schemas) await cluster.apply(schema, { fieldManager: 'kubectl' });
    for (const { resource } of [operators].flat())
      await eventually(`${resource.kind}.${resource.group} is served; is its schema among the crds?`, () =>
        cluster.list(resource, { namespace }),
      );
    const running = await startOperators(operators, {
      kubeconfig: sandbox.kubeconfig,
      temporalAddress: sandbox.temporal.address,
      allowedNamespaces: [namespace],
      logLevel: 'silent',
      ...run,
    });
    return new Environment(cluster, namespace, sandbox, running);
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** One in which pods can be made. */
async function freshNamespace(cluster: Cluster): Promise<string> {
  const name = `test-${randomBytes(4).toString('hex')}`;
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await eventually(`the namespace ${name} has its service account`, () =>
    cluster.get({ group: '', kind: 'ServiceAccount', namespace: name, name: 'default' }),
  );
  return name;
}
