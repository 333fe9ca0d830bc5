/** The sandbox cannot start or go on; the message is one line for a person and says what to do. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}

/** What else a person can do where the sandbox cannot run. */
export const OTHER_WAYS =
  'or use a cluster of your own with --kubeconfig, or `docker compose up` where Docker is there';
