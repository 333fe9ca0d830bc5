import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BundleOptions } from '@temporalio/worker';
import { bundleWorkflowCode } from '@temporalio/worker';
import { createLogger, temporalLogger } from './logger.ts';
import { defaultCacheDirectory } from './config.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What can enter the bundle; the architecture tests hold it to these. */
const ROOMS = ['workflows', 'core', 'api'];

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/**
 * The workflow code, bundled once for its contents and kept in the user's cache: bundling takes two seconds of every start. It
 * happens in a process of its own, since what it leaves behind (some 150 MB) would stay with the program for life. A damaged or
 * half-written file is made anew.
 */
export async function workflowBundle(
  cacheDirectory: string = defaultCacheDirectory(),
): Promise<{ readonly code: string }> {
  const file = join(cacheDirectory, 'workflows', `${await digestOfSources()}.js`);
  const cached = await readCached(file);
  if (cached !== undefined) return { code: cached };
  const script = fileURLToPath(new URL(`./bundle-workflows${EXTENSION}`, import.meta.url));
  await promisify(execFile)(process.execPath, [script, file]);
  const code = await readCached(file);
  if (code === undefined)
    throw new Error(`${file} is not what was just written; is something else writing there?`);
  return { code };
}

/** Bundles the workflow code into a file that {@link workflowBundle} reads. */
export async function bundleInto(file: string): Promise<void> {
  const { code } = await bundleWorkflowCode({ ...BUNDLING, logger: temporalLogger(createLogger('warn')) });
  await keep(file, withoutSources(code));
}

const WORKFLOWS = join(ROOT, 'workflows', `index${EXTENSION}`);

type Bundling = 'workflowsPath' | 'workflowInterceptorModules' | 'preloadModules' | 'webpackConfigHook';

/** How the workflow code becomes one file. */
export const BUNDLING: Pick<BundleOptions, Bundling> = {
  workflowsPath: WORKFLOWS,
  workflowInterceptorModules: [join(ROOT, 'workflows', `clock${EXTENSION}`)],
  // None of our modules holds state, so all workflows of a worker share them: they are compiled once, and get hot.
  preloadModules: [WORKFLOWS],
  webpackConfigHook: (config) => ({
    ...config,
    module: { ...config.module, rules: (config.module?.rules ?? []).map(asWritten) },
  }),
};

type Rule = NonNullable<
  NonNullable<ReturnType<NonNullable<BundleOptions['webpackConfigHook']>>['module']>['rules']
>[number];

/** Private fields and spread stay what they are: as WeakMaps and helper functions they cost several times as much. */
function asWritten(rule: Rule): Rule {
  if (typeof rule !== 'object' || rule === null) return rule;
  const { use } = rule;
  if (typeof use !== 'object' || !('options' in use) || typeof use.options !== 'object') return rule;
  const jsc: unknown = use.options['jsc'];
  const compiler = Object.assign({}, jsc, { target: 'es2022' });
  return { ...rule, use: { ...use, options: { ...use.options, jsc: compiler } } };
}

const SOURCE_MAP = /\/\/# sourceMappingURL=data:[^,]*;base64,(?<map>[A-Za-z0-9+/=]+)\s*$/;

/** Positions are enough for a stack trace; the sources themselves would take megabytes of every worker. */
function withoutSources(code: string): string {
  const map = SOURCE_MAP.exec(code)?.groups?.['map'];
  if (map === undefined) return code;
  const { sourcesContent: _, ...lean } = JSON.parse(Buffer.from(map, 'base64').toString());
  return code.replace(map, Buffer.from(JSON.stringify(lean)).toString('base64'));
}

async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const sdk = await readFile(fileURLToPath(import.meta.resolve('@temporalio/workflow/package.json')), 'utf8');
  hash.update(`${process.versions.node} ${sdk}`);
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  for (const room of ROOMS) {
    const names = await readdir(join(ROOT, room), { recursive: true });
    for (const name of names.filter((each) => each.endsWith(EXTENSION) && !each.endsWith('.d.ts')).sort())
      hash.update(`\n// ${room}/${name}\n`).update(await readFile(join(ROOT, room, name)));
  }
  return hash.digest('hex').slice(0, 32);
}

/** The last line of a kept bundle is the digest of all before it. */
const SEAL = '\n// sha256 ';

async function readCached(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const end = text.lastIndexOf(SEAL);
  if (end < 0) return undefined;
  const code = text.slice(0, end);
  return text.slice(end + SEAL.length) === sealOf(code) ? code : undefined;
}

async function keep(file: string, code: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${code}${SEAL}${sealOf(code)}`);
  await rename(draft, file);
}

function sealOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
