import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedProgram } from '../sandbox/cached-program.ts';
import { digestOf, onPath } from '../sandbox/places.ts';
import { runProgram } from '../sandbox/run-program.ts';
import { say } from './say.ts';

const SOURCES = fileURLToPath(new URL('./peer', import.meta.url));
const BUILD_MS = 20 * 60_000;

/** The path of the peer, which is compiled once into the cache. */
export function peerProgram(signal: AbortSignal): Promise<string> {
  const files = readdirSync(SOURCES).sort();
  const contents = files.map((file) => readFileSync(path.join(SOURCES, file)));
  const version = digestOf(...contents, process.platform, process.arch).slice(0, 16);
  const report = (component: string, message: string): void => say(`${component}: ${message}`);
  return cachedProgram({ name: 'bench-peer', version, make: build }, { report, signal });
}

async function build(file: string): Promise<void> {
  const go = onPath('go');
  if (go === undefined)
    throw new Error(
      'the peer is written in Go: install Go 1.26 or newer from https://go.dev/dl, or run with --ours-only',
    );
  say('building the peer, once; about 3 minutes on 2 cores');
  const args = ['build', '-C', SOURCES, '-buildvcs=false', '-trimpath', '-ldflags', '-s -w', '-o', file, '.'];
  await runProgram(go, args, { timeoutMs: BUILD_MS });
}
