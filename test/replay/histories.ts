/** Where the golden histories lie: `<workflow>/<scenario>@<version>.json`. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordedHistory } from '../../worker/index.ts';

export const HISTORIES: string = fileURLToPath(new URL('./histories/reconcile/', import.meta.url));

/** The files, sorted, by their paths. */
export async function historyFiles(): Promise<readonly string[]> {
  const names = await readdir(HISTORIES);
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(HISTORIES, name))
    .sort();
}

export async function readHistory(file: string): Promise<RecordedHistory> {
  return { workflowId: path.basename(file, '.json'), history: JSON.parse(await readFile(file, 'utf8')) };
}
