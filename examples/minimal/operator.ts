import {
  configMap,
  customResource,
  defineOperator,
  inOrder,
  persistentVolumeClaim,
  service,
  statefulSet,
} from 'durable-operator';

interface ClusterSpec {
  image: string;
  order: string[];
  nodes: { name: string; role: string; replicas: number; storage: string; config: Record<string, string> }[];
}

export const Cluster = customResource<ClusterSpec>('example.dev/v1', 'Cluster');

export default defineOperator(Cluster, {
  desired({ spec }, named) {
    const nodes = spec.nodes.map(({ name, role, replicas, storage, config }) => {
      const files = configMap(named(name, 'config'), { data: config });
      const peers = service(named(name), { clusterIP: 'None', ports: [{ port: 8080 }] });
      const volumes = [{ name: 'config', configMap: { name: files.name } }];
      const containers = [
        { name: role, image: spec.image, volumeMounts: [{ name: 'config', mountPath: '/config' }] },
      ];
      const data = persistentVolumeClaim('data', {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage } },
      });

      return statefulSet(
        named(name),
        {
          replicas,
          serviceName: peers.name,
          template: { spec: { containers, volumes } },
          volumeClaimTemplates: [data],
        },
        { role, uses: [files, peers] },
      );
    });

    return [inOrder(spec.order, nodes)];
  },
});
