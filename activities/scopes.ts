import type { Scope, ScopeOf } from '../core/plan/scopes.ts';
import { SCOPES } from '../core/plan/scopes.ts';
import { isExternalKind } from '../core/plan/categories.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { KindRef } from '../core/refs.ts';
import { kindName } from '../core/refs.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';

/** Finds the scopes of kinds. */
export type Scopes = (kinds: readonly KindRef[]) => Promise<ScopeOf>;

/**
 * Scopes as the API server serves them. Where a server of an aggregated API does not answer, a kind keeps the scope that it
 * had, for one plan must not wait for each API that it names.
 *
 * @throws StatusError Unreachable when the API server does not answer, and a kind was never found before.
 */
export function servedScopes(api: Pick<KubernetesApi, 'servedKind'>): Scopes {
  const found = new Map<string, Scope>();
  const find = async (kind: KindRef): Promise<void> => {
    const name = kindName(kind);
    try {
      const { namespaced } = await api.servedKind(kind);
      found.set(name, namespaced ? SCOPES.Namespaced : SCOPES.Cluster);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason === STATUS_REASONS.NotFound) found.delete(name);
      else if (error.code === 0 && !found.has(name)) throw error;
    }
  };
  return async (kinds) => {
    await Promise.all(kinds.filter((kind) => !isExternalKind(kindName(kind))).map(find));
    const scopes = new Map(kinds.map((kind) => [kindName(kind), found.get(kindName(kind))]));
    return (kind) => scopes.get(kindName(kind));
  };
}
