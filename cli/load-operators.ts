import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { AnyOperator } from '../worker/index.ts';

/** What a person did wrong, said in one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * The operators a module exports: by default, by name, one or a list of them.
 *
 * @throws UsageError when the module cannot be loaded, or exports none.
 */
export async function loadOperators(path: string): Promise<readonly AnyOperator[]> {
  const file = resolve(path);
  if (!existsSync(file)) throw new UsageError(`${path} cannot be loaded: there is no such file`);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(`${path} cannot be loaded: ${whatAndWhere(error, path)}`, { cause: error });
  }
  const operators = [...new Set(Object.values(module).flat())].filter(isOperator);
  if (operators.length === 0) {
    const exported = Object.keys(module).join(', ') || 'nothing';
    throw new UsageError(
      `${path} exports no operator (it exports ${exported}); export default defineOperator(…), or a list of operators`,
    );
  }
  return operators;
}

/** In one line what was thrown, and where as far as the error tells: Node keeps the place of a syntax error to itself. */
function whatAndWhere(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error);
  const what = `${error.name}: ${error.message}`.replaceAll(/\s+/g, ' ');
  const [, path, url] = /^(\/.*:\d+)$|(file:\/\/[^\s)]+:\d+)/m.exec(error.stack ?? '') ?? [];
  const place = url ? fileURLToPath(url) : path;
  if (place) return `${what} (${place})`;
  return error instanceof SyntaxError ? `${what} (see \`node --check ${file}\`)` : what;
}

function isOperator(value: unknown): value is AnyOperator {
  return (
    typeof value === 'object' &&
    value !== null &&
    'desired' in value &&
    typeof value.desired === 'function' &&
    'resource' in value &&
    'rollout' in value
  );
}
