/** Workloads whose replicas others decide about. */
import type { Operator } from '../../index.ts';
import { customResource, defineOperator, deployment, horizontalPodAutoscaler } from '../../index.ts';
import { eventually } from '../../testing/eventually.ts';
import type { ToySpec } from './toy-operator.ts';
import type { ToyStage } from './toy-stage.ts';

/** A Deployment for each node; one of role `yields` yields, one of role `scaled` brings its own autoscaler. */
export function operatorNamed(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired: ({ spec }, named) =>
      spec.nodes.flatMap((node) => {
        const { replicas, image = 'app:1', role } = node;
        const web = deployment(
          named(node.name),
          {
            ...(replicas === undefined ? {} : { replicas }),
            template: { spec: { containers: [{ name: 'main', image }] } },
          },
          role === 'yields' ? { replicas: 'yield' } : {},
        );
        const hpa = { minReplicas: 4, maxReplicas: 9 };
        return role === 'scaled' ? [web, horizontalPodAutoscaler(web.name, hpa, { target: web })] : [web];
      }),
  });
}

/** As KEDA's chart does, as far as its kind is read here. */
export async function installScaledObjects({ api }: ToyStage): Promise<void> {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const names = { kind: 'ScaledObject', plural: 'scaledobjects', singular: 'scaledobject' };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } };
  const version = { name: 'v1alpha1', served: true, storage: true, subresources: { status: {} }, schema };
  await api.apply(
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'scaledobjects.keda.sh' },
      spec: { group: 'keda.sh', scope: 'Namespaced', names, versions: [version] },
    },
    { fieldManager: 'tests' },
  );
  await eventually('ScaledObjects are served', () =>
    api.list({ group: 'keda.sh', kind: 'ScaledObject' }).then(
      () => true,
      () => false,
    ),
  );
}
