/** The door for tests of operators: a real API server, a real Temporal, and the patience to wait for what they do. */
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
} from './sandbox.ts';
export type { Progress, Sandbox, SandboxOptions } from './sandbox.ts';
