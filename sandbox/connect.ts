import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { isAlive } from './lock.ts';
import {
  announcements,
  dial,
  knownNames,
  socketOf,
  STOP,
  type Announcement,
  type SandboxFacts,
} from './registry.ts';
import type { Sandbox } from './sandbox.ts';
import { SandboxError } from './sandbox-error.ts';

const STOP_TIMEOUT_MS = 15_000;

/**
 * A sandbox that another process owns, waited for while it starts; undefined when none of that name runs. It counts as used
 * until this process ends or lets go of it by `Symbol.asyncDispose`; holding it does not keep this process alive.
 */
export async function connectSandbox(name: string): Promise<Sandbox | undefined> {
  const socket = await dial(name);
  if (socket === undefined) return undefined;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  const facts = await readyFacts(socket);
  if (facts === undefined) return undefined;
  socket.unref();
  return {
    ...facts,
    ended: gone,
    stop: () => stopSandbox(name),
    [Symbol.asyncDispose]: () => {
      socket.destroy();
      return gone;
    },
  };
}

async function readyFacts(socket: Socket): Promise<SandboxFacts | undefined> {
  return new Promise((resolve, reject) => {
    socket.once('close', () => resolve(undefined));
    const follow = async (): Promise<void> => {
      for await (const announcement of announcements(socket)) {
        if (announcement.state === 'ready') resolve(announcement.facts);
      }
    };
    follow().catch(reject);
  });
}

/** Every sandbox that runs or starts. What owners that died have left of theirs is removed on the way. */
export async function listSandboxes(): Promise<Announcement[]> {
  const found = await Promise.all(knownNames().map(firstAnnouncement));
  return found.filter((announcement) => announcement !== undefined);
}

async function firstAnnouncement(name: string): Promise<Announcement | undefined> {
  const socket = await dial(name);
  if (socket === undefined) {
    rmSync(socketOf(name), { force: true });
    return undefined;
  }
  for await (const announcement of announcements(socket)) {
    socket.destroy();
    return announcement;
  }
  return undefined;
}

/**
 * Ends the sandbox and waits until nothing of it is left. An owner that does not listen is killed, which ends the rest too.
 *
 * @throws SandboxError when none of that name runs
 */
export async function stopSandbox(name: string): Promise<void> {
  const announcement = await firstAnnouncement(name);
  const socket = announcement && (await dial(name));
  if (socket === undefined || announcement === undefined) {
    throw new SandboxError(`no sandbox named ${name} runs: see \`durable-operator sandbox status\``);
  }
  const owner = announcement.state === 'ready' ? announcement.facts.pids.owner : announcement.owner;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const timer = setTimeout(() => {
    if (owner !== undefined && isAlive(owner)) process.kill(owner, 'SIGKILL');
  }, STOP_TIMEOUT_MS);
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.write(STOP);
  await closed;
  clearTimeout(timer);
}
