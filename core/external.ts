/** What stands in an inventory for what no API server keeps: a look at the remote decides, and not a hash of it. */
import type { Health } from './health/health.ts';

/** In the place of owned fields: the remote is as it is wanted. */
export const WANTED = 'wanted';
/** In the place of owned fields: somebody changed it. */
export const OTHERWISE = 'otherwise';

export const CURRENT: Health = { state: 'Current', reason: '', message: '' };
