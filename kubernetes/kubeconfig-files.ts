/**
 * Kubeconfig files as kubectl reads them (client-go's clientcmd), which is more than client-node does: several files become one,
 * the first that has a name keeps it, paths are relative to the file they stand in, and what contradicts itself is refused.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Cluster, Context, User } from '@kubernetes/client-node';
import { loadYaml } from '@kubernetes/client-node';

/** A user with what client-node has no fields for. */
export interface KubeconfigUser extends User {
  readonly impersonation?: Impersonation;
}

export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface Kubeconfig {
  readonly clusters: Cluster[];
  readonly contexts: Context[];
  readonly users: KubeconfigUser[];
  readonly currentContext: string;
}

const EMPTY: Kubeconfig = { clusters: [], contexts: [], users: [], currentContext: '' };

/** @throws Error that names the file, of one that is there and cannot be read. */
export function readKubeconfigs(files: readonly string[]): Kubeconfig {
  return files
    .filter((file) => file !== '' && existsSync(file))
    .map(readKubeconfig)
    .reduce(merged, EMPTY);
}

/** @throws Error that names the file. */
export function readKubeconfig(file: string): Kubeconfig {
  try {
    return parse(readFileSync(file, 'utf8'), dirname(resolve(file)));
  } catch (error) {
    // A parser quotes the line, where a secret may stand.
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    throw new Error(`${file} cannot be read: ${why}`, { cause: error });
  }
}

function merged(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    clusters: withoutTaken(first.clusters, second.clusters),
    contexts: withoutTaken(first.contexts, second.contexts),
    users: withoutTaken(first.users, second.users),
    currentContext: first.currentContext || second.currentContext,
  };
}

function withoutTaken<Entry extends { readonly name: string }>(
  first: readonly Entry[],
  second: readonly Entry[],
): Entry[] {
  const taken = new Set(first.map(({ name }) => name));
  return [...first, ...second.filter(({ name }) => !taken.has(name))];
}

type Fields = Readonly<Record<string, unknown>>;

function parse(text: string, directory: string): Kubeconfig {
  const file = text.trim() === '' ? {} : fieldsOf(loadYaml<unknown>(text) ?? {}, 'the file');
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined || isAbsolute(path) ? path : join(directory, path);
  return {
    clusters: entriesOf(file, 'clusters', 'cluster', (name, cluster) => clusterOf(name, cluster, absolute)),
    contexts: entriesOf(file, 'contexts', 'context', contextOf),
    users: entriesOf(file, 'users', 'user', (name, user) => userOf(name, user, absolute)),
    currentContext: textOf(file, 'current-context') ?? '',
  };
}

function entriesOf<Entry>(
  file: Fields,
  list: string,
  field: string,
  entryOf: (name: string, fields: Fields) => Entry,
): Entry[] {
  const items = file[list] ?? [];
  if (!Array.isArray(items)) throw new Error(`${list} must be a list`);
  const names = new Set<string>();
  return items.map((item: unknown, index) => {
    const entry = fieldsOf(item, `${list}[${index}]`);
    const name = textOf(entry, 'name') ?? '';
    if (names.has(name)) throw new Error(`${list} has two entries named "${name}"`);
    names.add(name);
    return entryOf(name, fieldsOf(entry[field] ?? {}, `${field} of ${list}[${index}]`));
  });
}

type Absolute = (path: string | undefined) => string | undefined;

function clusterOf(name: string, fields: Fields, absolute: Absolute): Cluster {
  return present<Cluster>({
    name,
    server: (textOf(fields, 'server') ?? '').replace(/\/$/, ''),
    caData: textOf(fields, 'certificate-authority-data'),
    caFile: absolute(textOf(fields, 'certificate-authority')),
    skipTLSVerify: fields['insecure-skip-tls-verify'] === true,
    tlsServerName: textOf(fields, 'tls-server-name'),
    proxyUrl: textOf(fields, 'proxy-url'),
  });
}

function contextOf(name: string, fields: Fields): Context {
  const namespace = textOf(fields, 'namespace');
  return present<Context>({
    name,
    cluster: textOf(fields, 'cluster') ?? '',
    user: textOf(fields, 'user') ?? '',
    namespace,
  });
}

function userOf(name: string, fields: Fields, absolute: Absolute): KubeconfigUser {
  const token = textOf(fields, 'token');
  const tokenFile = absolute(textOf(fields, 'tokenFile'));
  // The file goes first, as long as it is there.
  const isOfFile = tokenFile !== undefined && (token === undefined || existsSync(tokenFile));
  return present<Omit<KubeconfigUser, 'impersonateUser'>>({
    name,
    token: isOfFile ? undefined : token,
    authProvider: isOfFile ? { name: 'tokenFile', config: { tokenFile } } : fields['auth-provider'],
    certData: textOf(fields, 'client-certificate-data'),
    certFile: absolute(textOf(fields, 'client-certificate')),
    keyData: textOf(fields, 'client-key-data'),
    keyFile: absolute(textOf(fields, 'client-key')),
    username: textOf(fields, 'username'),
    password: textOf(fields, 'password'),
    exec: execOf(fields['exec'], absolute),
    impersonation: impersonationOf(fields),
  });
}

/** A command with a slash is relative to the file; one without is looked up on the PATH. */
function execOf(exec: unknown, absolute: Absolute): unknown {
  if (!exec) return undefined;
  const fields = fieldsOf(exec, 'exec');
  const command = textOf(fields, 'command') ?? '';
  return { ...fields, command: command.includes('/') ? absolute(command) : command };
}

function impersonationOf(fields: Fields): Impersonation | undefined {
  const [user, uid] = [textOf(fields, 'as') ?? '', textOf(fields, 'as-uid')];
  const groups = textsOf(fields['as-groups'] ?? [], 'as-groups');
  const given = fieldsOf(fields['as-user-extra'] ?? {}, 'as-user-extra');
  const extra = Object.fromEntries(
    Object.entries(given).map(([key, values]) => [key, textsOf(values, `as-user-extra.${key}`)]),
  );
  if (!user && !uid && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  return { user, ...(uid ? { uid } : {}), groups, extra };
}

/** Client-node's types have no `undefined`, and it asks for fields by their truth. */
function present<Entry>(fields: Readonly<Record<keyof Entry, unknown>>): Entry {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Entry;
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${what} must be a map`);
}

function textOf(fields: Fields, field: string): string | undefined {
  const value = fields[field];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new Error(`${field} must be a string`);
}

function textsOf(values: unknown, field: string): readonly string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
  throw new Error(`${field} must be a list of strings`);
}
