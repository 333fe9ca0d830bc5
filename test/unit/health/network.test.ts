import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import { manifest } from './manifests.ts';

const address = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };

describe('the health of a Service', () => {
  const judge = (
    spec: Readonly<Record<string, unknown>>,
    status: Readonly<Record<string, unknown>> = {},
  ): string => health(manifest('v1', 'Service', { spec, status })).reason || 'Current';

  it('is Current when it has its cluster IP, wants none, or is a name only', () => {
    assert.equal(judge({ type: 'ClusterIP', clusterIP: '10.0.0.7' }), 'Current');
    assert.equal(judge({ type: 'ClusterIP', clusterIP: 'None' }), 'Current');
    assert.equal(judge({ type: 'NodePort', clusterIP: '10.0.0.7' }), 'Current');
    assert.equal(judge({ type: 'ExternalName', externalName: 'db.example.com' }), 'Current');
    assert.equal(judge({ type: 'ClusterIP' }), 'NoClusterIP');
  });

  it('waits for the address of its load balancer, unlike kstatus', () => {
    const spec = { type: 'LoadBalancer', clusterIP: '10.0.0.7' };
    assert.equal(judge(spec, { loadBalancer: {} }), 'NoLoadBalancer');
    assert.equal(judge(spec, address), 'Current');
  });
});

describe('the health of an Ingress', () => {
  it('is Current without an address, unless one is asked for', () => {
    const bare = manifest('networking.k8s.io/v1', 'Ingress', { status: { loadBalancer: {} } });
    assert.equal(health(bare).state, 'Current');
    assert.equal(health(bare, [], { requireIngressAddress: true }).reason, 'NoLoadBalancer');
    assert.equal(health({ ...bare, status: address }, [], { requireIngressAddress: true }).state, 'Current');
  });
});
