/**
 * How processes find a sandbox: its owner listens on a socket that is named after it. The socket is also how it is told to
 * stop, how its users keep it alive, and, since nobody answers once the owner has died, how a stale one is recognised.
 */
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { codeOf, withLock } from './lock.ts';
import { runtimeDirectory } from './places.ts';
import { SandboxError } from './sandbox-error.ts';

/** What there is to know about a running sandbox. Plain JSON. */
export interface SandboxFacts {
  readonly name: string;
  readonly directory: string;
  /** The path of the kubeconfig; empty in a sandbox without Kubernetes. */
  readonly kubeconfig: string;
  /** The API server's URL; empty in a sandbox without Kubernetes. */
  readonly apiServer: string;
  /** Empty addresses in a sandbox without Temporal. */
  readonly temporal: { readonly address: string; readonly namespace: 'default'; readonly uiUrl: string };
  /** Process ids by component; `owner` is the process that started it and runs the kubelet. */
  readonly pids: Readonly<Record<string, number>>;
  /** The file where the API server logs every request, when it was asked to. */
  readonly auditLog?: string;
}

export type Announcement =
  | { readonly state: 'starting'; readonly name: string; readonly owner: number }
  | { readonly state: 'ready'; readonly facts: SandboxFacts };

/** The one thing that is said to an owner. */
export const STOP = 'stop\n';

export interface Claimed {
  readonly socketFile: string;
  announce(facts: SandboxFacts): void;
  /** Told when somebody asks for the end. */
  onStop(listener: () => void): void;
  /** Told how many are connected, whenever that changes. */
  onUsers(listener: (count: number) => void): void;
  release(): Promise<void>;
}

export function socketOf(name: string): string {
  return path.join(runtimeDirectory(), `${name}.sock`);
}

/** The names of sandboxes that run or whose owner has died without cleaning up. */
export function knownNames(): string[] {
  return readdirSync(runtimeDirectory())
    .filter((file) => file.endsWith('.sock'))
    .map((file) => file.slice(0, -'.sock'.length));
}

/** Takes the name for this process. @throws SandboxError when a sandbox of that name runs */
export async function claimName(name: string): Promise<Claimed> {
  if (!/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) {
    throw new SandboxError(
      `"${name}" cannot name a sandbox: use at most 40 lower-case letters, digits and dashes`,
    );
  }
  const socketFile = socketOf(name);
  return withLock(`${socketFile}.lock`, async () => {
    const owner = await dial(name);
    if (owner !== undefined) {
      owner.destroy();
      throw new SandboxError(
        `a sandbox named ${name} runs already: give this one another --name, or end that one with \`durable-operator sandbox down ${name}\``,
      );
    }
    rmSync(socketFile, { force: true });
    return listen(name, socketFile);
  });
}

/** A connection to the owner; undefined when there is none. */
export function dial(name: string): Promise<Socket | undefined> {
  const file = socketOf(name);
  if (!existsSync(file)) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const socket = connect(file);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
}

/** What the owner announces, until it is gone. A connection that breaks means just that. */
export async function* announcements(socket: Socket): AsyncGenerator<Announcement> {
  let rest = '';
  socket.setEncoding('utf8');
  try {
    for await (const chunk of socket) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}

class Announcer {
  #current: Announcement;
  readonly #sockets = new Set<Socket>();
  #onStop: () => void = () => {};
  #onUsers: (count: number) => void = () => {};

  constructor(first: Announcement) {
    this.#current = first;
  }

  welcome(socket: Socket): void {
    this.#sockets.add(socket);
    this.#onUsers(this.#sockets.size);
    // Whoever goes away without a word has simply gone.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#onUsers(this.#sockets.size);
    });
    socket.on('data', (chunk) => {
      if (String(chunk).startsWith(STOP)) this.#onStop();
    });
    socket.write(`${JSON.stringify(this.#current)}\n`);
  }

  announce(facts: SandboxFacts): void {
    this.#current = { state: 'ready', facts };
    for (const socket of this.#sockets) socket.write(`${JSON.stringify(this.#current)}\n`);
  }

  onStop(listener: () => void): void {
    this.#onStop = listener;
  }

  onUsers(listener: (count: number) => void): void {
    this.#onUsers = listener;
    listener(this.#sockets.size);
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function listen(name: string, socketFile: string): Promise<Claimed> {
  const announcer = new Announcer({ state: 'starting', name, owner: process.pid });
  const server = createServer((socket) => announcer.welcome(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketFile, resolve);
  });
  chmodSync(socketFile, 0o600);
  return {
    socketFile,
    announce: (facts) => announcer.announce(facts),
    onStop: (listener) => announcer.onStop(listener),
    onUsers: (listener) => announcer.onUsers(listener),
    release: () => close(server, announcer),
  };
}

function close(server: Server, announcer: Announcer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    announcer.hangUp();
  });
}
