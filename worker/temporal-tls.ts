/**
 * TLS to Temporal. Its client of gRPC knows only the authorities of the operating system, which a slim image does not have, and
 * words of a failure that name no cause; Node has both.
 */
import { isIP } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { connect as connectTls, getCACertificates } from 'node:tls';
import type { NativeConnectionOptions } from '@temporalio/worker';

const PROBE_MS = 5_000;
const DEFAULT_PORT = 7233;

type TlsConfig = Exclude<NativeConnectionOptions['tls'], boolean | null | undefined>;

/** Undefined where the connection is plain. An API key goes over TLS unless TLS is disabled by name. */
export function tlsOf({ tls, apiKey }: NativeConnectionOptions): TlsConfig | undefined {
  if (tls === true || (tls === undefined && apiKey !== undefined))
    return { serverRootCACertificate: roots() };
  if (!tls) return undefined;
  return tls.serverRootCACertificate ? tls : { ...tls, serverRootCACertificate: roots() };
}

/** What Node brings, NODE_EXTRA_CA_CERTS, and what the system has. */
function roots(): Buffer {
  const all = new Set([...getCACertificates('default'), ...getCACertificates('system')]);
  return Buffer.from([...all].join('\n'));
}

/**
 * Why no connection comes about to an address that answers, for the person who set it. Undefined when it does not answer, or TLS
 * is not why.
 */
export async function tlsFault(
  address: string,
  options: NativeConnectionOptions,
): Promise<string | undefined> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const target = { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) || DEFAULT_PORT };
  const tls = tlsOf(options);
  if (tls) {
    const refused = await handshake({ ...target, ...verification(target.host, tls) });
    return refused && `Temporal at ${address} cannot be reached by TLS: ${refused}`;
  }
  const refused = await handshake({ ...target, rejectUnauthorized: false });
  return refused === '' ? `Temporal at ${address} asks for TLS; set TEMPORAL_TLS=true` : undefined;
}

function verification(
  host: string,
  { serverRootCACertificate: ca, serverNameOverride, clientCertPair: pair }: TlsConfig,
): ConnectionOptions {
  const name = serverNameOverride ?? (isIP(host) ? '' : host);
  return {
    servername: name,
    ...(ca ? { ca: Buffer.from(ca) } : {}),
    ...(pair ? { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) } : {}),
  };
}

/** Why it is refused; the empty string when it is not; undefined when nothing answers. */
function handshake(options: ConnectionOptions): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let socket: TLSSocket;
  try {
    socket = connectTls({ ...options, ALPNProtocols: ['h2'], timeout: PROBE_MS });
  } catch (error) {
    // The certificates that were given are none.
    return Promise.resolve(wordsOf(error));
  }
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.syscall ? undefined : wordsOf(error)));
  // A server that asks for a certificate refuses only after the handshake; one that does not begins to talk.
  socket.once('data', () => resolve(''));
  socket.once('timeout', () => resolve(socket.authorized ? '' : undefined));
  socket.once('close', () => resolve(undefined));
  return promise.finally(() => socket.destroy());
}

/** OpenSSL puts its own source lines into the message, and what happened into `reason`. */
function wordsOf(error: unknown): string {
  const { message, reason, code } = error as NodeJS.ErrnoException & { readonly reason?: string };
  return `${reason ?? message}${code ? ` (${code})` : ''}`;
}
