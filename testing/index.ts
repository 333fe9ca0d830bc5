/** The door for tests of operators: a real API server, a real Temporal, the patience to wait, and the laws of conditions. */
export { assertConditionLaws } from './condition-laws.ts';
export { connectCluster } from './cluster.ts';
export type { Cluster } from './cluster.ts';
export { DEFAULT_PATIENCE_MS, eventually } from './eventually.ts';
export type { EventuallyOptions } from './eventually.ts';
export {
  BEHAVIOUR_ANNOTATION,
  BEHAVIOURS,
  connectSandbox,
  SandboxError,
  startDetachedSandbox,
  startSandbox,
} from '../sandbox/index.ts';
export type { Progress, Sandbox, SandboxOptions } from '../sandbox/index.ts';
