import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  readonly file: string;
  /** A path from the root of the project, or the name of a package, or `node:…`. */
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Every import, re-export and `import()` of a constant in the TypeScript files of a room. */
export async function importsOf(room: string): Promise<Import[]> {
  const files = await sourcesOf(room);
  const found = await Promise.all(
    files.map(async (file) => importsIn(file, await readFile(join(ROOT, file), 'utf8'))),
  );
  return found.flat();
}

async function sourcesOf(room: string): Promise<string[]> {
  if (room.endsWith('.ts')) return [room];
  const entries = await readdir(join(ROOT, room), { recursive: true });
  return entries
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(room, name));
}

export function importsIn(file: string, source: string): Import[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const statics = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
  }));
  const reexports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest ? [{ specifier: moduleRequest.value, typeOnly: isType }] : [],
    ),
  );
  const dynamics = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const constant = /^['"](.+)['"]$/.exec(source.slice(moduleRequest.start, moduleRequest.end))?.[1];
    return constant === undefined ? [] : [{ specifier: constant, typeOnly: false }];
  });
  return [...statics, ...reexports, ...dynamics].map(({ specifier, typeOnly }) => ({
    file,
    target: targetOf(file, specifier),
    typeOnly,
  }));
}

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return relative('.', join(dirname(file), specifier));
  if (specifier.startsWith('node:') || builtinModules.includes(specifier))
    return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
