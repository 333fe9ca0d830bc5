import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from 'durable-operator';
import type { InvalidCause } from 'durable-operator';

function told(causes: readonly InvalidCause[]): readonly string[] {
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

describe('check.names', () => {
  it('names both places of a name that is used twice', () => {
    assert.deepEqual(
      told(check.names('spec.nodes', [{ name: 'a' }, { name: 'b' }, { name: 'a' }, { name: 'a' }])),
      [
        'spec.nodes[2].name: "a" is already used by spec.nodes[0].name',
        'spec.nodes[3].name: "a" is already used by spec.nodes[0].name',
      ],
    );
  });

  it('takes plain words, too', () => {
    assert.deepEqual(told(check.names('spec.order', ['a', 'b', 'b'])), [
      'spec.order[2]: "b" is already used by spec.order[1]',
    ]);
  });

  it('refuses an empty name, once', () => {
    assert.deepEqual(told(check.names('spec.order', ['', ' '])), [
      'spec.order[0]: is empty; write a name, or remove it',
      'spec.order[1]: is empty; write a name, or remove it',
    ]);
    assert.deepEqual(told(check.names('spec.nodes', [{ name: '' }])), [
      'spec.nodes[0].name: is empty; write a name',
    ]);
  });

  it('has nothing against a list that is empty, or has no name twice', () => {
    assert.deepEqual(check.names('spec.nodes', []), []);
    assert.deepEqual(check.names('spec.nodes', ['a', 'B', 'b']), []);
  });
});

describe('check.objectNames', () => {
  it('refuses what cannot be part of the name of an object, and names that are used twice', () => {
    assert.deepEqual(
      told(check.objectNames('spec.nodes', [{ name: 'hot' }, { name: 'Hot_1' }, { name: 'hot' }])),
      [
        'spec.nodes[2].name: "hot" is already used by spec.nodes[0].name',
        'spec.nodes[1].name: "Hot_1" cannot name objects; use a-z, 0-9 and -, beginning and ending with one of the first two',
      ],
    );
  });

  it('says one thing of an empty name', () => {
    assert.equal(check.objectNames('spec.nodes', [{ name: '' }]).length, 1);
  });
});

describe('check.reference', () => {
  it('names the field, what it refers to, and what there is', () => {
    assert.deepEqual(
      told(check.reference('spec.nodes[2].k8sConfig', 'sever', [{ name: 'server' }, { name: 'broker' }])),
      ['spec.nodes[2].k8sConfig: no k8sConfig is named "sever"; use one of server, broker'],
    );
    assert.deepEqual(told(check.reference('spec.use', 'x', [])), [
      'spec.use: no use is named "x"; there are none yet',
    ]);
  });

  it('has nothing against a name that is there', () => {
    assert.deepEqual(check.reference('spec.nodes[0].k8sConfig', 'server', ['server']), []);
  });
});
