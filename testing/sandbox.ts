export {
  BEHAVIOUR_ANNOTATION,
  BEHAVIOURS,
  connectSandbox,
  SandboxError,
  startDetachedSandbox,
  startSandbox,
} from '../sandbox/index.ts';
export type { Progress, Sandbox, SandboxOptions } from '../sandbox/index.ts';
