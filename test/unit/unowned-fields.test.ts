import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Manifest } from '../../core/manifest.ts';
import { claimUnowned } from '../../core/unowned-fields.ts';

/** An object whose spec is ours as far as `owned` says. */
function live(apiVersion: string, kind: string, spec: object, owned: object): Manifest {
  const managedFields = [{ manager: 'ours', operation: 'Apply', fieldsV1: { 'f:spec': owned } }];
  return { apiVersion, kind, metadata: { name: 'a', managedFields }, spec };
}

/** What of the spec becomes ours beside what is. */
function claimed(object: Manifest, spec: object, options?: Parameters<typeof claimUnowned>[3]): unknown {
  const books = claimUnowned(object, { ...object, spec }, 'ours', options);
  return (books?.[0]?.fieldsV1 as { readonly 'f:spec': unknown } | undefined)?.['f:spec'];
}

describe('what an apply would leave behind', () => {
  const WHOLE = { '.': {} };

  it('is what nobody owns beside a field that changes', () => {
    const policy = live(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      { podSelector: {}, policyTypes: ['Ingress'] },
      {
        'f:podSelector': {},
      },
    );
    assert.deepEqual(claimed(policy, { podSelector: {}, egress: [{}] }), {
      'f:podSelector': {},
      'f:policyTypes': WHOLE,
    });
    assert.equal(
      claimed(policy, { podSelector: {}, egress: [] }),
      undefined,
      'an empty list says as much as none',
    );
  });

  it('is nothing of an object that is not ours', () => {
    const policy = live('networking.k8s.io/v1', 'NetworkPolicy', { policyTypes: ['Ingress'] }, {});
    const theirs = { ...policy, metadata: { name: 'a', managedFields: [] } };
    assert.equal(claimed(theirs, { egress: [{}] }), undefined);
  });

  it('is nothing that lies in a pod template, when the change lies beside it', () => {
    const template = { spec: { containers: [{ name: 'c', image: 'a' }], dnsPolicy: 'Default' } };
    const owned = {
      'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { 'f:name': {}, 'f:image': {} } } } },
    };
    const workload = live('apps/v1', 'Deployment', { template, paused: false }, owned);
    const { dnsPolicy: _, ...pod } = template.spec;
    assert.deepEqual(claimed(workload, { template: { spec: pod }, minReadySeconds: 1 }), {
      ...owned,
      'f:paused': WHOLE,
    });
  });

  it('is neither the replicas nor what is given once', () => {
    const workload = live('apps/v1', 'Deployment', { replicas: 1 }, {});
    assert.equal(claimed(workload, { minReadySeconds: 1 }), undefined);
    const service = live('v1', 'Service', { clusterIP: '10.0.0.1', sessionAffinity: 'None' }, {});
    assert.deepEqual(claimed(service, { type: 'NodePort' }), { 'f:sessionAffinity': WHOLE });
  });

  it('is of a custom resource only what lies in a field of ours that goes, unless all is asked for', () => {
    const custom = live(
      'toy.dev/v1',
      'Toy',
      { mode: 'a', a: { size: 1, given: true }, given: true },
      {
        'f:mode': {},
        'f:a': { 'f:size': {} },
      },
    );
    const gone = { 'f:mode': {}, 'f:a': { 'f:size': {}, '.': {} } };
    assert.deepEqual(claimed(custom, { mode: 'b' }), gone);
    assert.deepEqual(claimed(custom, { mode: 'b' }, { everywhere: true }), { ...gone, 'f:given': WHOLE });
  });
});
