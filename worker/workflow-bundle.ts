/**
 * The workflow code as one file. The published package brings it: a program in a pod has no directory to write to, and bundling
 * takes two seconds of a start. A checkout that runs from its sources bundles them when they are first needed.
 */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SetupError } from './setup-error.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IS_BUILT = import.meta.url.endsWith('.js');
/** Written by `npm run build`. */
const BUILT = join(ROOT, 'workflow-bundle.js');
/** What can enter the bundle; the architecture tests hold it to these. */
const ROOMS = ['workflows', 'core', 'api'];
const MOST_BYTES = 64 * 1024 * 1024;

/** @throws SetupError when the package was built without it. */
export async function workflowBundle(): Promise<{ readonly code: string }> {
  if (!IS_BUILT) return { code: await bundleOfSources() };
  const code = await readFile(BUILT, 'utf8').catch(() => '');
  if (code === '') throw new SetupError(`${BUILT} is missing; build the package with \`npm run build\``);
  return { code };
}

async function bundleOfSources(): Promise<string> {
  const file = join(ROOT, 'node_modules/.cache/durable-operator', `${await digestOfSources()}.js`);
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== undefined) return kept;
  const script = fileURLToPath(new URL('./bundle-workflows.ts', import.meta.url));
  // In a process of its own: what bundling leaves behind (some 150 MB) would stay with the program for life.
  const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: MOST_BYTES });
  // Where nothing can be written, each start bundles.
  await keep(file, stdout).catch(() => undefined);
  return stdout;
}

async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const sdk = await readFile(fileURLToPath(import.meta.resolve('@temporalio/workflow/package.json')), 'utf8');
  hash.update(`${process.versions.node} ${sdk}`);
  hash.update(await readFile(new URL('./bundle-workflows.ts', import.meta.url)));
  for (const room of ROOMS) {
    const names = await readdir(join(ROOT, room), { recursive: true });
    for (const name of names.filter((each) => each.endsWith('.ts')).sort())
      hash.update(`\n// ${room}/${name}\n`).update(await readFile(join(ROOT, room, name)));
  }
  return hash.digest('hex').slice(0, 32);
}

/** The file is there whole or not at all. */
async function keep(file: string, code: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, code);
  await rename(draft, file);
}
