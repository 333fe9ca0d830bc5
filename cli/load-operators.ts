import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
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
  const url = pathToFileURL(resolve(path)).href;
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(
      `${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
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
