/**
 * Most of what a small test file costs is to start, so that they run one after the other in a few processes, each of which takes
 * the next file when it is through with one. Those that start programs of their own wait for them, and run as files.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { installRuntime } from '../../worker/connect.ts';
import { createLogger } from '../../worker/logger.ts';
import { claim } from './claims.ts';

const ROOT = path.join(import.meta.dirname, '../..');

/** Runs the test files that no other lane has. */
export async function runLane(): Promise<void> {
  const files = globSync('{test,examples}/**/*.test.ts', {
    cwd: ROOT,
    exclude: ['test/{e2e,faults}/**'],
  }).toSorted();
  // Once for all of them: a file that uses the SDK without would leave its own behind, which others cannot replace.
  installRuntime(createLogger('error'));
  for (const file of files) if (claim(file)) await test(file, () => import(path.join(ROOT, file)));
}
