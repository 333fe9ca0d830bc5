import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from 'yaml';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { Resource } from '../index.ts';

/** A file holds no manifests. The message names file, line and column, and what was expected. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/** A manifest as people write it. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** What was expected, where the parser says only what it found. */
const EXPECTED: Partial<Record<ErrorCode, string>> = {
  UNEXPECTED_TOKEN: 'expected the end of the value; put all of it in one pair of quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'expected one "key: value", indented as its siblings; put a value that holds ": " in quotes',
  MULTILINE_IMPLICIT_KEY: 'expected "key: value"',
  TAB_AS_INDENT: 'expected spaces',
  BAD_SCALAR_START: 'expected quotes around the value',
  DUPLICATE_KEY: 'expected each key once',
};

/**
 * The manifests of a YAML file, in order; empty documents are left out.
 *
 * @throws ManifestError when the file cannot be read or is no YAML, or a manifest has no apiVersion, kind or name.
 */
export async function readManifests(file: string | URL): Promise<Written[]> {
  const name = typeof file === 'string' ? file : fileURLToPath(file);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ManifestError(`${name} cannot be read: ${error.message}`, { cause: error });
  });
  const lineCounter = new LineCounter();
  return [...parseAllDocuments(text, { lineCounter, prettyErrors: false })].flatMap((document) => {
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      const expected = EXPECTED[error.code];
      const message = expected ? `${error.message}; ${expected}` : error.message;
      throw new ManifestError(`${name}:${line}:${col}: ${message}`, { cause: error });
    }
    const { line } = lineCounter.linePos(document.contents?.range?.[0] ?? 0);
    const value = valueOf(document, `${name}:${line}`);
    return value === null ? [] : [manifestIn(value, `${name}:${line}`)];
  });
}

/**
 * The one resource of a YAML file as the API server would give it to an operator, for {@link plan}: with a uid, a generation and
 * the namespace `default` unless it has one.
 *
 * @throws ManifestError as {@link readManifests} does, and when there are none or several.
 */
export async function readResource<Spec = unknown>(file: string | URL): Promise<Resource<Spec>> {
  const manifests = await readManifests(file);
  const [manifest, ...others] = manifests;
  if (!manifest || others.length > 0) {
    const name = typeof file === 'string' ? file : fileURLToPath(file);
    throw new ManifestError(`${name} holds ${manifests.length} manifests; expected one`);
  }
  return asStored<Spec>(manifest);
}

/** The manifest as if the API server had it. Its spec is not checked: that is for the schema and the operator. */
export function asStored<Spec>(manifest: Written): Resource<Spec> {
  const { apiVersion, kind, metadata } = manifest;
  const unsaved = { uid: '00000000-0000-0000-0000-000000000000', generation: 1, namespace: 'default' };
  return {
    ...manifest,
    apiVersion,
    kind,
    metadata: { ...unsaved, ...metadata },
    spec: manifest['spec'] as Spec,
  };
}

function valueOf(document: { toJS(): unknown }, place: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ManifestError(`${place}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function manifestIn(value: unknown, place: string): Written {
  const { apiVersion, kind, metadata, ...rest } = Object(value) as Partial<Written>;
  if (!apiVersion || !kind || !metadata?.name)
    throw new ManifestError(`${place}: a resource needs apiVersion, kind and metadata.name`);
  return { apiVersion, kind, metadata, ...rest };
}
