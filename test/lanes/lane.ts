/**
 * Most of what a small test file costs is to start, so that they run one after the other in a few processes. Those that start
 * programs of their own wait for them, and run as files.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import { installRuntime } from '../../worker/connect.ts';
import { createLogger } from '../../worker/logger.ts';

const TESTS = path.join(import.meta.dirname, '..');
const LANES = 4;

/** Runs every fourth test file, from the first, second … on. @param lane from 1 to 4. */
export async function runLane(lane: number): Promise<void> {
  const all = globSync('**/*.test.ts', { cwd: TESTS, exclude: ['{e2e,faults}/**'] });
  const files = all.toSorted().filter((_, index) => index % LANES === lane - 1);
  // Once for all of them: a file that uses the SDK without would leave its own behind, which others cannot replace.
  installRuntime(createLogger('error'));
  for (const file of files) await import(path.join(TESTS, file));
}
