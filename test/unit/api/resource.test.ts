import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResource } from 'durable-operator';

describe('customResource', () => {
  it('reads group and version from the header of a manifest', () => {
    const { group, version, kind } = customResource('datainfra.io/v1beta1', 'Pinot');

    assert.deepEqual({ group, version, kind }, { group: 'datainfra.io', version: 'v1beta1', kind: 'Pinot' });
  });

  it('is namespaced unless told otherwise', () => {
    assert.equal(customResource('example.dev/v1', 'Tenant').scope, 'Namespaced');
    assert.equal(customResource('example.dev/v1', 'Tenant', { scope: 'Cluster' }).scope, 'Cluster');
  });

  for (const [kind, plural] of [
    ['Pinot', 'pinots'],
    ['PinotTable', 'pinottables'],
    ['Proxy', 'proxies'],
    ['Gateway', 'gateways'],
    ['Ingress', 'ingresses'],
    ['Mailbox', 'mailboxes'],
    ['Branch', 'branches'],
  ] as const)
    it(`is served as ${plural} when its kind is ${kind}`, () => {
      assert.equal(customResource('example.dev/v1', kind).plural, plural);
    });

  it('takes a plural that English does not foresee', () => {
    assert.equal(customResource('example.dev/v1', 'Datum', { plural: 'data' }).plural, 'data');
  });

  for (const apiVersion of ['v1', 'example.dev', 'example.dev/', '/v1', 'example.dev/v1/extra'])
    it(`refuses the apiVersion "${apiVersion}", and shows how one reads`, () => {
      assert.throws(() => customResource(apiVersion, 'Pinot'), {
        name: 'TypeError',
        message: `customResource: apiVersion must read <group>/<version>, not "${apiVersion}"`,
      });
    });

  for (const kind of ['pinot', '', 'Pinot-Table', 'pinots.datainfra.io'])
    it(`refuses the kind "${kind}"`, () => {
      assert.throws(() => customResource('example.dev/v1', kind), {
        name: 'TypeError',
        message: `customResource: kind must be CamelCase, for example Pinot, not "${kind}"`,
      });
    });
});
