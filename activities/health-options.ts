import type { HealthOptions } from '../core/health/health.ts';
import { readText } from '../core/health/read.ts';
import type { Manifest } from '../core/manifest.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { storageClass } from './storage-class.ts';

/** What the health of an object stands on and the object does not say: the time, and of a pending claim its class. */
export async function healthOptions(api: KubernetesApi, object: Manifest): Promise<HealthOptions> {
  const now = Date.now();
  return (await bindsLate(api, object)) ? { now, waitForFirstConsumer: true } : { now };
}

/** A claim whose class binds when a pod first uses it stays pending until then, and nobody may wait for more. */
async function bindsLate(api: KubernetesApi, object: Manifest): Promise<boolean> {
  if (object.apiVersion !== 'v1' || object.kind !== 'PersistentVolumeClaim') return false;
  const name = readText(object, 'spec', 'storageClassName');
  if (name === '' || readText(object, 'status', 'phase') !== 'Pending') return false;
  try {
    return readText(await storageClass(api, name), 'volumeBindingMode') === 'WaitForFirstConsumer';
  } catch (error) {
    // Without the right to read classes it is pending for all we know, which is told and holds up nothing.
    if (error instanceof StatusError && error.reason === 'Forbidden') return false;
    throw error;
  }
}
