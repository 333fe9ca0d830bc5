/** TLS before a plain server, with a certificate of the tests' own authority. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';

const fileOf = (name: string): string => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));

export const CERTIFICATES = {
  authority: fileOf('ca.crt'),
  client: fileOf('client.crt'),
  clientKey: fileOf('client.key'),
} as const;

export interface TlsFrontOptions {
  /** Refuses clients without a certificate of the same authority. */
  readonly asksForCertificate?: boolean;
}

export class TlsFront implements AsyncDisposable {
  /** Of each connection that was taken: the name that the client asked for. */
  readonly names: (string | false | null)[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async of(address: string, { asksForCertificate = false }: TlsFrontOptions = {}): Promise<TlsFront> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const server = createServer({
      key: readFileSync(fileOf('server.key')),
      cert: readFileSync(fileOf('server.crt')),
      ca: readFileSync(CERTIFICATES.authority),
      ALPNProtocols: ['h2', 'http/1.1'],
      requestCert: asksForCertificate,
      rejectUnauthorized: asksForCertificate,
    });
    const front = new TlsFront(server);
    server.on('secureConnection', (near) => front.#join(near, connect(Number(port), hostname)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #join(near: TLSSocket, far: ReturnType<typeof connect>): void {
    this.names.push(near.servername);
    this.#sockets.add(near);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(near);
        near.destroy();
        far.destroy();
      });
    }
  }
}
