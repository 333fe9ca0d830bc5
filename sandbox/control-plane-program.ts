import { existsSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedProgram, type CacheOptions } from './cached-program.ts';
import { cacheDirectory, digestOf, onPath } from './places.ts';
import { duration } from './progress.ts';
import { runProgram } from './run-program.ts';
import { OTHER_WAYS, SandboxError } from './sandbox-error.ts';

const NAME = 'control-plane';
const VERSION = 'v1.37.2';
const LINKER_FLAGS = [
  '-s -w',
  `-X k8s.io/component-base/version.gitVersion=${VERSION}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  '-X k8s.io/component-base/version.gitMinor=37',
].join(' ');
const NEEDED_BYTES = 3 * 1024 ** 3;
/** With nothing in Go's own build cache; what is there already is not built again. */
const PACKAGES = 2_500;
const REPORT_EVERY_MS = 5_000;
const BUILD_MS = 90 * 60_000;

/** The path of the control plane's one program, built from source on first use. */
export function controlPlaneProgram(options: CacheOptions): Promise<string> {
  const sources = sourceDirectory();
  const files = ['main.go', 'go.mod', 'go.sum'].map((file) => readFileSync(path.join(sources, file)));
  const version = digestOf(...files, LINKER_FLAGS, process.platform, process.arch).slice(0, 16);
  return cachedProgram(
    { name: NAME, version, make: (file, directory) => build({ file, directory, sources, options }) },
    options,
  );
}

/** The sources lie beside this file in a checkout, and outside `dist` in the published package. */
function sourceDirectory(): string {
  const candidates = ['./control-plane', '../../sandbox/control-plane'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = candidates.find((directory) => existsSync(path.join(directory, 'main.go')));
  if (found === undefined)
    throw new SandboxError(`the control plane's sources are missing: ${candidates[0]}`);
  return found;
}

interface Build {
  readonly file: string;
  /** For what Go writes on the way. */
  readonly directory: string;
  readonly sources: string;
  readonly options: CacheOptions;
}

async function build(what: Build): Promise<void> {
  const go = onPath('go');
  if (go === undefined) {
    throw new SandboxError(
      `the sandbox builds Kubernetes from source and needs Go 1.26 or newer on the PATH: install it from https://go.dev/dl, ${OTHER_WAYS}`,
    );
  }
  const { bavail, bsize } = statfsSync(cacheDirectory());
  if (bavail * bsize < NEEDED_BYTES) {
    throw new SandboxError(
      `the sandbox needs 3 GB of free disk to build Kubernetes, and ${cacheDirectory()} has ${((bavail * bsize) / 1024 ** 3).toFixed(1)} GB: make room, ${OTHER_WAYS}`,
    );
  }
  await compile(go, what);
}

async function compile(go: string, { file, directory, sources, options }: Build): Promise<void> {
  const began = performance.now();
  const { report, signal } = options;
  report(NAME, `building Kubernetes ${VERSION}, once; usually about 9 minutes on 2 cores`);
  const args = ['build', '-v', '-buildvcs=false', '-trimpath'];
  const progress = { packages: 0, downloads: 0 };
  const onLine = (line: string): void => {
    if (line.startsWith('go: downloading ')) progress.downloads++;
    else if (/^[\w.\-/]+$/.test(line)) progress.packages++;
  };
  const timer = setInterval(() => {
    const parts = [`${progress.packages} of at most ${PACKAGES} packages compiled`];
    if (progress.downloads > 0) parts.push(`${progress.downloads} modules downloaded`);
    report(NAME, `building for ${duration(performance.now() - began)}: ${parts.join(', ')}`);
  }, REPORT_EVERY_MS);
  try {
    await runProgram(go, [...args, '-ldflags', LINKER_FLAGS, '-o', file, '.'], {
      timeoutMs: BUILD_MS,
      signal,
      directory: sources,
      env: { GOTMPDIR: directory },
      onLine,
    });
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new SandboxError(
      `building Kubernetes failed: go build: ${why}\nRepair what it names, ${OTHER_WAYS}`,
      { cause: error },
    );
  } finally {
    clearInterval(timer);
  }
  report(NAME, `built in ${duration(performance.now() - began)}`);
}
