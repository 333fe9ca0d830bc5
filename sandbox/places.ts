/** Where the sandbox keeps things: what is built once in the user's cache, what runs in the temporary directory. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

/** Outlives sandboxes and checkouts: programs that were built or downloaded. */
export function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME ?? path.join(home(), '.cache');
  return made(path.join(base, 'durable-operator'));
}

/** One file and one socket for each sandbox that runs; readable by their owner only. */
export function runtimeDirectory(): string {
  return made(path.join(tmpdir(), `durable-operator-${userId()}`));
}

/** In memory where the system offers that, since etcd's data is thrown away with the sandbox. */
export function dataDirectory(name: string): string {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  return path.join(base, `durable-operator-${userId()}-${name}-etcd`);
}

/** Of a user without a passwd entry and without HOME it is the temporary directory. */
function home(): string {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}

/** As the kernel knows it: not every user has a passwd entry. Windows has no numbers, and a temporary directory for each user. */
function userId(): number | string {
  return process.getuid?.() ?? 'user';
}

/** An executable of that name on the PATH. */
export function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => path.join(folder, program)).find((file) => existsSync(file));
}

/** A Temporal CLI that the user names instead of the one that would be found or downloaded. */
export function chosenTemporalCli(): string | undefined {
  return process.env.DURABLE_OPERATOR_TEMPORAL_CLI;
}

export function digestOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

function made(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}
