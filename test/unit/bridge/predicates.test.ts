import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asksForMore, isWatched } from '../../../bridge/predicates.ts';
import { ANNOTATIONS, FINALIZER } from '../../../core/labels.ts';
import type { Manifest, ObjectMeta } from '../../../core/manifest.ts';

function resource(metadata: Partial<ObjectMeta> = {}, status: object = {}): Manifest {
  return {
    apiVersion: 'a/v1',
    kind: 'A',
    metadata: { name: 'a', uid: 'u', generation: 1, ...metadata },
    status,
  };
}

const ignored = { annotations: { [ANNOTATIONS.ignore]: 'true' } };

describe('predicates', () => {
  it('asks for more on a new resource, a new spec, a deletion, another resource under the name', () => {
    assert.ok(asksForMore(undefined, resource()));
    assert.ok(asksForMore(resource(), resource({ generation: 2 })));
    assert.ok(asksForMore(resource(), resource({ deletionTimestamp: '2026-01-01T00:00:00Z' })));
    assert.ok(asksForMore(resource(), resource({ uid: 'v' })));
  });

  it('asks for more on a label or an annotation, which `desired` may read, and not on what kubectl notes for itself', () => {
    assert.ok(asksForMore(resource(), resource({ labels: { a: 'b' } })));
    assert.ok(asksForMore(resource({ labels: { a: 'b' } }), resource({ annotations: { a: 'b' } })));
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    assert.ok(!asksForMore(resource(), resource({ annotations: applied })));
  });

  it('does not ask for more on status and finalizers', () => {
    assert.ok(!asksForMore(resource(), resource({ finalizers: ['x'] }, { ready: true })));
  });

  it('asks for more when our finalizer is removed, or what holds a resource that is being deleted is another', () => {
    const gone = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const held = resource({ finalizers: [FINALIZER, 'x'] });
    assert.ok(asksForMore(held, resource({ finalizers: ['x'] })));
    assert.ok(!asksForMore(resource({ finalizers: ['x'] }), held), 'we put it there');
    assert.ok(
      asksForMore(resource({ ...gone, finalizers: ['x', 'y'] }), resource({ ...gone, finalizers: ['y'] })),
    );
    assert.ok(
      !asksForMore(resource({ ...gone, finalizers: ['x'] }), resource({ ...gone, finalizers: ['x'] })),
    );
  });

  it('leaves an ignored resource alone until it is deleted or no longer ignored', () => {
    assert.ok(!asksForMore(resource(), resource({ ...ignored, generation: 2 })));
    assert.ok(
      asksForMore(resource(ignored), resource({ ...ignored, deletionTimestamp: '2026-01-01T00:00:00Z' })),
    );
    assert.ok(asksForMore(resource(ignored), resource()));
  });

  it('watches allowed namespaces that are not denied', () => {
    assert.ok(isWatched('a', {}));
    assert.ok(isWatched(undefined, { allowed: ['a'] }));
    assert.ok(isWatched('a', { allowed: ['a'] }));
    assert.ok(!isWatched('b', { allowed: ['a'] }));
    assert.ok(!isWatched('a', { allowed: ['a'], denied: ['a'] }));
  });
});
