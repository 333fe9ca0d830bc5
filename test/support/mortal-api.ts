/** An API server's client that dies at its n-th change, just before or just after the server got it: as a killed worker does. */
import type { KubernetesApi } from '../../kubernetes/api.ts';

export class Death extends Error {
  override readonly name = 'Death';
}

export interface Mortal {
  readonly api: KubernetesApi;
  /** Whether its hour came. */
  readonly died: boolean;
}

export function mortal(
  api: KubernetesApi,
  { at, when }: { readonly at: number; readonly when: 'before' | 'after' },
): Mortal {
  let changes = 0;
  let died = false;
  const change = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    if (died) throw new Death('it is dead');
    changes++;
    if (changes < at) return call();
    died = true;
    if (when === 'after') await call();
    throw new Death(`${when} change ${changes}`);
  };
  return {
    get died() {
      return died;
    },
    api: {
      get: api.get.bind(api),
      list: api.list.bind(api),
      servedKind: api.servedKind.bind(api),
      apply: (manifest, options) =>
        options.trial ? api.apply(manifest, options) : change(() => api.apply(manifest, options)),
      create: (manifest, options) =>
        options?.trial ? api.create(manifest, options) : change(() => api.create(manifest, options)),
      patch: (...args) => change(() => api.patch(...args)),
      scale: (...args) => change(() => api.scale(...args)),
      remove: (...args) => change(() => api.remove(...args)),
      evict: (...args) => change(() => api.evict(...args)),
    },
  };
}
