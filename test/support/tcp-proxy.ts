import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { Transform } from 'node:stream';

/** A wire between a client and a server that a test can cut, hold up and slow down. */
export class TcpProxy implements AsyncDisposable {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** While it is stalled: what waits to go on. */
  #waiting: (() => void)[] | undefined;
  #lagMs = 0;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  static async to(host: string, port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host, port });
    await proxy.mend();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Resets every connection; new ones are welcome. */
  sever(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets every connection, and refuses new ones until it is mended. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.close();
    this.sever();
    if (server?.listening) await once(server, 'close');
  }

  async mend(): Promise<void> {
    if (this.#server) return;
    const server = createServer((socket) => this.#join(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
    this.#server = server;
  }

  /** A black hole: connections stay, and new ones are taken, but nothing gets through until it is resumed. */
  stall(): void {
    this.#waiting ??= [];
  }

  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const goOn of waiting) goOn();
  }

  /** Every piece of data takes so long from now on; 0 for none. */
  lag(ms: number): void {
    this.#lagMs = ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    await this.cut();
  }

  #join(near: Socket): void {
    const far = connect(this.#target.port, this.#target.host);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // A reset is what this wire is for; 'close' follows and ends the other half.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(this.#slow()).pipe(far);
    far.pipe(this.#slow()).pipe(near);
  }

  #slow(): Transform {
    return new Transform({
      transform: (chunk, _, done) => {
        const goOn = (): void => {
          if (this.#lagMs > 0) setTimeout(done, this.#lagMs, null, chunk);
          else done(null, chunk);
        };
        if (this.#waiting) this.#waiting.push(goOn);
        else goOn();
      },
    });
  }
}
