/** A workload as another program left it: of the name that is wanted here, with a selector and pods of its own. */
import { eventually } from '../../testing/eventually.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { ToyStage } from './toy-stage.ts';

const LABELS = { app: 'left-behind' };

/** Of two pods that are ready; a StatefulSet has a claim for each. */
export async function leaveForeign(
  stage: ToyStage,
  kind: 'StatefulSet' | 'Deployment',
  name: string,
): Promise<readonly Manifest[]> {
  const metadata = { name, namespace: stage.namespace };
  const labels = { ...LABELS, of: name };
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const ordered = { serviceName: name, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }] };
  await stage.api.create({
    apiVersion: 'apps/v1',
    kind,
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'example.org/left-behind:1' }] },
      },
      ...(kind === 'StatefulSet' ? ordered : {}),
    },
  });
  return eventually(`the pods of ${kind} ${name} are ready`, async () => {
    const live = await stage.api.get(stage.ref(kind, name, 'apps'));
    const { readyReplicas } = Object(live?.['status']) as { readyReplicas?: number };
    return readyReplicas === 2 ? foreignPods(stage, name) : undefined;
  });
}

export async function foreignPods(stage: ToyStage, name: string): Promise<readonly Manifest[]> {
  const { items } = await stage.api.list(
    { group: '', kind: 'Pod' },
    { namespace: stage.namespace, labelSelector: `of=${name}` },
  );
  return items;
}
