import type { Scaler } from '../core/scalers.ts';
import { SCALER_KINDS, scalerFrom } from '../core/scalers.ts';
import type { KindRef } from '../core/refs.ts';
import { kindName } from '../core/refs.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';

/** The autoscalers of a namespace: those that the bridge of this process watches, else those that the API server lists. */
export async function findScalers(
  dependencies: Pick<Dependencies, 'api' | 'scalers' | 'log'>,
  namespace: string | undefined,
): Promise<readonly Scaler[]> {
  const known = dependencies.scalers?.in(namespace);
  if (known) return known;
  const found = await Promise.all(SCALER_KINDS.map((kind) => listScalers(dependencies, kind, namespace)));
  return found.flat();
}

async function listScalers(
  { api, log }: Pick<Dependencies, 'api' | 'log'>,
  kind: KindRef,
  namespace: string | undefined,
): Promise<readonly Scaler[]> {
  try {
    const { items } = await api.list(kind, namespace === undefined ? {} : { namespace });
    return items.map(scalerFrom).filter((scaler) => scaler !== undefined);
  } catch (error) {
    // A cluster without KEDA serves no ScaledObject.
    if (error instanceof StatusError && error.reason === 'NotFound') return [];
    if (!(error instanceof StatusError) || error.reason !== 'Forbidden') throw error;
    log.warn(
      { kind: kindName(kind), error: error.message },
      'autoscalers cannot be seen; grant list and watch',
    );
    return [];
  }
}
