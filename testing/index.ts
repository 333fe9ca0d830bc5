/** The door for tests of operators: a real API server, a real Temporal, the patience to wait, and the laws of conditions. */
export { Environment, startEnvironment } from './environment.ts';
export type { EnvironmentOptions } from './environment.ts';
export { ManifestError, readManifests, readResource } from './manifests.ts';
export type { Written } from './manifests.ts';
export { sharedSandbox } from './shared-sandbox.ts';
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
