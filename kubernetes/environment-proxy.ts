import { BlockList, isIP } from 'node:net';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for an address, by the rules of Go's programs; undefined: none. */
export function proxyOf({ protocol, hostname, port }: URL, env: Environment): string | undefined {
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = env[name] || env[name.toLowerCase()];
  if (!proxy) return undefined;
  const host = hostname.replaceAll(/[[\]]/g, '');
  const target = { host, port: port || (protocol === 'https:' ? '443' : '80') };
  if (isLoopback(host) || excluded(env['NO_PROXY'] || env['no_proxy'] || '', target)) return undefined;
  const url = /^[a-z0-9]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  if (URL.canParse(url)) return url;
  throw new Error(`${name} is no address of a proxy`);
}

interface Target {
  readonly host: string;
  readonly port: string;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function excluded(list: string, target: Target): boolean {
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, target));
}

function matches(entry: string, { host, port }: Target): boolean {
  if (entry === '*') return true;
  const [, address = '', bits] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  if (bits !== undefined) return isInNetwork(address, Number(bits), host);
  const [, bare = entry, itsPort] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(isIP(entry) ? '' : entry) ?? [];
  if (itsPort !== undefined && itsPort !== port) return false;
  if (isIP(bare)) return bare === host;
  const suffix = bare.replace(/^\*?\.?/, '.');
  return host.endsWith(suffix) || (!/^[*.]/.test(bare) && host === bare);
}

function isInNetwork(address: string, bits: number, host: string): boolean {
  const version = isIP(host);
  if (version === 0 || version !== isIP(address) || bits > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(address, bits, family);
  return network.check(host, family);
}
