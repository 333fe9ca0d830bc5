/** Pinot's controller, as schemas, tables and tenants reach it: its address and credentials are those of the Pinot resource. */
import { ServerGone, Unreachable } from 'durable-operator';
import type { ExternalContext } from 'durable-operator';
import type { Json } from './json.ts';
import type { PinotSpec } from './pinot.ts';

/** A controller answers from ZooKeeper, which shows every write at once; what is left is a request that arrives late. */
export const SETTLES: { readonly settles: string } = { settles: '5 seconds' };

/** What the specs of schemas, tables and tenants share. */
export interface InCluster {
  /** The Pinot resource, in the same namespace. */
  readonly pinotCluster: string;
}

/** On a Pinot resource: where its controller is reached, when not at its Service. For programs outside of the cluster, and for TLS. */
const URL_ANNOTATION = 'datainfra.io/controller-url';
const PATIENCE_MS = 15_000;
/** Somebody between us and Pinot, or Pinot itself, asks for time. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** Pinot said no, in its own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Asks the controller of the cluster that is the place of an object, and answers what it answers.
 *
 * @throws Refusal in Pinot's words; Unreachable when it cannot answer now.
 */
export async function ask(
  context: ExternalContext<InCluster>,
  call: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`,
  body?: Json,
): Promise<Json> {
  const [method = '', path = ''] = call.split(' ', 2);
  const { url, authorization } = await controllerOf(context);
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]),
  });
  const text = await response.text();
  if (NOT_NOW.has(response.status))
    throw new Unreachable(
      `Pinot answered ${response.status} to ${method} ${pathOf(path)}: ${text.slice(0, 500)}`,
      retryAfterIn(response),
    );
  const answer = answerIn(text);
  if (response.ok) return answer ?? {};
  const said = typeof answer?.['error'] === 'string' ? answer['error'] : text;
  throw new Refusal(
    response.status,
    `Pinot answered ${response.status} to ${method} ${pathOf(path)}: ${said}`,
  );
}

/** Whole seconds; as a date it is rare. */
function retryAfterIn({ headers }: Response): { readonly retryAfter?: string } {
  const seconds = headers.get('retry-after') ?? '';
  return /^\d+$/.test(seconds) ? { retryAfter: `${seconds} seconds` } : {};
}

/** As `ask`; undefined when there is no such thing. */
export async function askFor(...call: Parameters<typeof ask>): Promise<Json | undefined> {
  try {
    return await ask(...call);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return undefined;
    throw error;
  }
}

/** Pinot takes what it does not know, and leaves it out; people should hear of it. */
export function tellIgnored(context: ExternalContext<InCluster>, { unrecognizedProperties }: Json): void {
  const ignored = Object.keys(unrecognizedProperties ?? {});
  if (ignored.length > 0)
    context.event(
      'Warning',
      'UnrecognizedProperties',
      `${context.name}: Pinot ignores ${ignored.join(', ')}`,
    );
}

async function controllerOf(
  context: ExternalContext<InCluster>,
): Promise<{ readonly url: string; readonly authorization?: string }> {
  const { place: cluster = '' } = context;
  const pinot = await context.read({ apiVersion: 'datainfra.io/v1beta1', kind: 'Pinot', name: cluster });
  if (!pinot)
    throw new ServerGone(`there is no Pinot ${cluster} in this namespace, and so no controller to reach`);
  const { auth, nodes, k8sConfig } = pinot['spec'] as PinotSpec;
  const { namespace, annotations } = pinot['metadata'] as {
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  const node = nodes.find(({ nodeType }) => nodeType === 'controller');
  const port = k8sConfig.find(({ name }) => name === node?.k8sConfig)?.service.ports?.[0]?.port;
  const elsewhere = annotations?.[URL_ANNOTATION]?.replace(/\/+$/, '');
  if (!elsewhere && (!node || !port))
    throw new Error(
      `Pinot ${cluster} has no controller with a port; give it one, or the annotation ${URL_ANNOTATION}`,
    );
  const url = elsewhere ?? `http://${cluster}-${node?.name}.${namespace}.svc:${port}`;
  if (!auth) return { url };
  const secret = await context.secret(auth.secretRef);
  const user = secret['CONTROL_PLANE_USERNAME'] ?? secret['username'];
  const password = secret['CONTROL_PLANE_PASSWORD'] ?? secret['password'];
  if (user === undefined || password === undefined)
    throw new Error(
      `Secret ${auth.secretRef.name} needs the keys CONTROL_PLANE_USERNAME and CONTROL_PLANE_PASSWORD, or username and password`,
    );
  return {
    url,
    authorization: `Basic ${Buffer.from(`${user.trim()}:${password.trim()}`).toString('base64')}`,
  };
}

function answerIn(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // Not from Pinot, which speaks JSON, but from somebody in between: its text is shown as it is.
    return undefined;
  }
}

function pathOf(path: string): string {
  return path.replace(/\?.*/, '');
}
