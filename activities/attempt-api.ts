import type { CallOptions, KubernetesApi } from '../kubernetes/api.ts';
import type { Dependencies } from './dependencies.ts';
import { attemptOptions } from './fence.ts';

/** The same dependencies, whose requests end with the attempt of the activity that is under way and whose writes pass its fence. */
export function ofAttempt(dependencies: Dependencies): Dependencies {
  return { ...dependencies, api: attemptApi(dependencies.api) };
}

function attemptApi(api: KubernetesApi): KubernetesApi {
  const attempt = attemptOptions();
  const read = <Options extends CallOptions>(given?: Options): Options & CallOptions => ({
    ...(given as Options),
    signal: given?.signal ? AbortSignal.any([given.signal, attempt.signal]) : attempt.signal,
  });
  const write = <Options extends CallOptions>(given?: Options): Options & CallOptions => ({
    ...read(given),
    beforeSend: () => {
      attempt.beforeSend();
      given?.beforeSend?.();
    },
  });
  return {
    get: (ref, options) => api.get(ref, read(options)),
    list: (kind, options) => api.list(kind, read(options)),
    servedKind: (kind, options) => api.servedKind(kind, read(options)),
    apply: (manifest, options) => api.apply(manifest, write(options)),
    create: (manifest, options) => api.create(manifest, write(options)),
    patch: (ref, operations, options) => api.patch(ref, operations, write(options)),
    scale: (ref, replicas, options) => api.scale(ref, replicas, write(options)),
    remove: (ref, options) => api.remove(ref, write(options)),
    evict: (pod, options) => api.evict(pod, write(options)),
  };
}
