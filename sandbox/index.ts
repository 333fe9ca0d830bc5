/**
 * The sandbox: a real control plane (etcd, kube-apiserver, kube-controller-manager, kube-scheduler), a simulated kubelet and
 * a real Temporal server, with no container runtime. Its law: nothing it starts outlives its owner, and nothing it writes
 * outlives it, save the programs in the cache.
 */
export { startSandbox, DEFAULT_NAME, DEFAULT_SEARCH_ATTRIBUTES } from './sandbox.ts';
export type { OwnedSandbox, Sandbox, SandboxOptions } from './sandbox.ts';
export { SandboxError } from './sandbox-error.ts';
export { BEHAVIOUR_ANNOTATION, BEHAVIOURS } from './behaviour.ts';
export type { Progress } from './progress.ts';
export type { SandboxFacts } from './registry.ts';
export { connectSandbox, listSandboxes, stopSandbox } from './connect.ts';
export { startDetachedSandbox } from './detached.ts';
export type { DetachedOptions } from './detached.ts';
export type { Announcement } from './registry.ts';
