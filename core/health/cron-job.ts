import type { Manifest } from '../manifest.ts';
import type { Health } from './health.ts';
import { current, lagging } from './health.ts';
import { readMany } from './read.ts';

/** It is what it makes that succeeds or fails. Jobs that run keep the template they were made with. */
export function cronJob(object: Manifest): Health {
  const running = readMany(object, 'status', 'active').length;
  return running > 0 ? lagging(current(`${running} jobs run`)) : current('it exists as applied');
}
