/**
 * Programs in the cache. A program is there whole or not at all: it is made in a directory of its own, tried, hashed and
 * only then renamed into place; what was damaged since is made again.
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { withLock } from './lock.ts';
import { cacheDirectory } from './places.ts';
import type { Report } from './progress.ts';

export interface CachedProgram {
  /** The file's name, and what progress calls it. */
  readonly name: string;
  /** Changes when another program is meant. */
  readonly version: string;
  /** Puts the program at `file`, using the empty `directory` as it likes. Throws when it cannot. */
  make(file: string, directory: string): Promise<void>;
}

export interface CacheOptions {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** The path of the program, which is made first when it is not there or not whole. */
export async function cachedProgram(program: CachedProgram, options: CacheOptions): Promise<string> {
  const home = path.join(cacheDirectory(), `${program.name}-${program.version}`);
  const file = path.join(home, program.name);
  if (await isWhole(file)) return file;

  const onWait = (owner: number): void =>
    options.report(program.name, `waiting for process ${owner}, which is making it`);
  const lock = options.signal ? { onWait, signal: options.signal } : { onWait };
  await withLock(
    `${home}.lock`,
    async () => {
      if (await isWhole(file)) return;
      if (existsSync(home)) options.report(program.name, 'the cached one is not whole, making it again');
      await makeAnew(program, home);
    },
    lock,
  );
  return file;
}

async function makeAnew(program: CachedProgram, home: string): Promise<void> {
  removeHalfMade(home);
  const directory = mkdtempSync(`${home}.making-`);
  try {
    const finished = path.join(directory, 'finished');
    const work = path.join(directory, 'work');
    await Promise.all([mkdir(finished), mkdir(work)]);
    const file = path.join(finished, program.name);
    await program.make(file, work);
    record(file, await digestOfFile(file));
    rmSync(home, { recursive: true, force: true });
    await rename(finished, home);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a maker that was killed has left. Nobody else makes this program while we hold its lock. */
function removeHalfMade(home: string): void {
  const beside = path.dirname(home);
  for (const entry of readdirSync(beside)) {
    if (entry.startsWith(`${path.basename(home)}.making-`)) {
      rmSync(path.join(beside, entry), { recursive: true, force: true });
    }
  }
}

/** Hashing takes a moment, so a file that nobody has touched since its digest was recorded is taken for whole. */
async function isWhole(file: string): Promise<boolean> {
  if (!existsSync(file) || !existsSync(digestFile(file))) return false;
  const [digest = '', ...stamp] = readFileSync(digestFile(file), 'utf8').split(' ');
  if (stamp.join(' ') === stampOf(file)) return true;
  if (digest !== (await digestOfFile(file))) return false;
  record(file, digest);
  return true;
}

function record(file: string, digest: string): void {
  writeFileSync(digestFile(file), `${digest} ${stampOf(file)}`);
}

function stampOf(file: string): string {
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

function digestFile(file: string): string {
  return `${file}.sha256`;
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
