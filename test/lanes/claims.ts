import { closeSync, openSync } from 'node:fs';
import path from 'node:path';

/** Names the directory in which the lanes of a run claim their files. */
export const CLAIMS_VARIABLE = 'DURABLE_OPERATOR_TEST_CLAIMS';

/** Whether a file is now this lane's, and no other's. A lane that runs by itself has them all. */
export function claim(file: string): boolean {
  const directory = process.env[CLAIMS_VARIABLE];
  if (!directory) return true;
  try {
    closeSync(openSync(path.join(directory, file.replaceAll(path.sep, '.')), 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
