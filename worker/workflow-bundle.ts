import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from './logger.ts';
import { createLogger, temporalLogger } from './logger.ts';
import { defaultCacheDirectory } from './config.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What can enter the bundle; the architecture tests hold it to these. */
const ROOMS = ['workflows', 'core', 'api'];

/**
 * The workflow code, bundled once for its contents and kept in the user's cache: bundling takes two seconds of every start.
 * A damaged or half-written file is made anew.
 */
export async function workflowBundle(
  log: Logger = createLogger('warn'),
  cacheDirectory: string = defaultCacheDirectory(),
): Promise<{ code: string }> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const key = await digestOfSources(extension);
  const file = join(cacheDirectory, 'workflows', `${key}.js`);
  const cached = await readCached(file);
  if (cached !== undefined) return { code: cached };
  const bundle: WorkflowBundleWithSourceMap = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'workflows', `index${extension}`),
    logger: temporalLogger(log),
  });
  const code = withoutSources(bundle.code);
  await keep(file, code);
  return { code };
}

const SOURCE_MAP = /\/\/# sourceMappingURL=data:[^,]*;base64,(?<map>[A-Za-z0-9+/=]+)\s*$/;

/** Positions are enough for a stack trace; the sources themselves would take megabytes of every worker. */
function withoutSources(code: string): string {
  const map = SOURCE_MAP.exec(code)?.groups?.['map'];
  if (map === undefined) return code;
  const { sourcesContent: _, ...lean } = JSON.parse(Buffer.from(map, 'base64').toString());
  return code.replace(map, Buffer.from(JSON.stringify(lean)).toString('base64'));
}

async function digestOfSources(extension: string): Promise<string> {
  const hash = createHash('sha256');
  const sdk = await readFile(
    fileURLToPath(import.meta.resolve('@temporalio/workflow/package.json')),
    'utf8',
  ).catch(() => '');
  hash.update(`${process.versions.node} ${sdk}`);
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  for (const room of ROOMS) {
    const names = await readdir(join(ROOT, room), { recursive: true });
    for (const name of names.filter((each) => each.endsWith(extension) && !each.endsWith('.d.ts')).sort())
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
