/** Another resource that must be ready before something of this one is applied. Made by {@link ready}. */
export interface Requirement {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent: the resource's own, or none for a cluster-scoped kind. */
  readonly namespace?: string;
}

/**
 * Requires another object, of any kind and by whomever it was made, to be ready: that it exists and is healthy by the rules
 * of its kind, and for a custom resource that its condition `Ready` is True at its newest generation.
 *
 * @throws TypeError when the kind or the name is empty.
 */
export function ready(apiVersion: string, kind: string, name: string, namespace?: string): Requirement {
  if (!apiVersion || !kind || !name)
    throw new TypeError(
      `ready: give an apiVersion, a kind and a name, not "${apiVersion}", "${kind}", "${name}"`,
    );
  return Object.freeze({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) });
}
