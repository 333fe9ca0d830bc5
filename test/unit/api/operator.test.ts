import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResource, defineOperator, InvalidResource, invalid } from 'durable-operator';

const Cluster = customResource<{ size: number }>('example.dev/v1', 'Cluster');

describe('defineOperator', () => {
  it('is named after the resource, as kubectl names it', () => {
    assert.equal(defineOperator(Cluster, { desired: () => [] }).name, 'clusters.example.dev');
  });

  it('takes another name, so that two operators may look after one kind', () => {
    assert.equal(defineOperator(Cluster, { name: 'blue', desired: () => [] }).name, 'blue');
  });

  for (const name of ['Blue', 'blue_green', '-blue', 'blue.', '', 'b'.repeat(64)])
    it(`refuses the name "${name}", which cannot be a label value of ours`, () => {
      assert.throws(() => defineOperator(Cluster, { name, desired: () => [] }), {
        name: 'TypeError',
        message: `defineOperator: name must be a label value of at most 63 characters, not "${name}"`,
      });
    });

  it('accepts the longest name a label value can hold', () => {
    const name = 'b'.repeat(63);

    assert.equal(defineOperator(Cluster, { name, desired: () => [] }).name, name);
  });

  it('has one policy of rollouts, or one that a resource asks for', () => {
    const resource = {
      apiVersion: 'a/v1',
      kind: 'C',
      metadata: { name: 'c', uid: 'u', generation: 1 },
      spec: { size: 1 },
    };
    const policy = { deadline: '5 minutes' };
    assert.deepEqual(defineOperator(Cluster, { desired: () => [] }).rollout(resource), {});
    assert.deepEqual(
      defineOperator(Cluster, { desired: () => [], rollout: policy }).rollout(resource),
      policy,
    );
    const asked = defineOperator(Cluster, { desired: () => [], rollout: ({ kind }) => ({ deadline: kind }) });
    assert.deepEqual(asked.rollout(resource), { deadline: 'C' });
  });

  it('has no onDelete unless the author wrote one: its presence adds the finalizer', () => {
    assert.equal('onDelete' in defineOperator(Cluster, { desired: () => [] }), false);
    assert.equal(
      'onDelete' in defineOperator(Cluster, { desired: () => [], onDelete: () => undefined }),
      true,
    );
  });

  it('lets the definition refer to itself', () => {
    const definition = {
      sizes: [] as number[],
      desired({ spec }: { spec: { size: number } }) {
        this.sizes.push(spec.size);
        return [];
      },
    };
    const { desired } = defineOperator(Cluster, definition);
    const metadata = { name: 'one', namespace: 'default', uid: 'u', generation: 1 };
    desired({ apiVersion: 'example.dev/v1', kind: 'Cluster', metadata, spec: { size: 3 } }, (...words) =>
      words.join('-'),
    );

    assert.deepEqual(definition.sizes, [3]);
  });

  it('is a value that nobody changes', () => {
    const operator = defineOperator(Cluster, { desired: () => [] });

    assert.equal(Object.isFrozen(operator), true);
  });
});

describe('InvalidResource', () => {
  it('names every field and what is wrong there', () => {
    const error = new InvalidResource([
      { field: 'spec.size', message: 'is -1; use 0 or more' },
      { field: 'spec.image', message: 'is missing' },
    ]);

    assert.equal(error.message, 'spec.size: is -1; use 0 or more; spec.image: is missing');
    assert.equal(error.name, 'InvalidResource');
  });

  it('is made of one cause by invalid()', () => {
    const error = invalid('spec.size', 'is missing');

    assert.ok(error instanceof InvalidResource);
    assert.deepEqual(error.causes, [{ field: 'spec.size', message: 'is missing' }]);
  });
});
