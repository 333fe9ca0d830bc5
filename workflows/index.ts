/** Workflow types. Every function exported here is one, and nothing else is exported. */
export { reconcile } from './reconcile.ts';
