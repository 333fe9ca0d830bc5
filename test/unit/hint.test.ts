import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResource } from '../../api/resource.ts';
import { Resources } from '../../bridge/resources.ts';
import { askedFingerprint } from '../../core/asked.ts';
import { mergeHints } from '../../core/hint.ts';
import { COMMANDS } from '../../core/labels.ts';
import type { Manifest } from '../../core/manifest.ts';
import { isAtLeast } from '../../core/resource-version.ts';

const seen = (
  resourceVersion: string,
  generation = 1,
): { uid: string; generation: number; resourceVersion: string } => ({
  uid: 'u',
  generation,
  resourceVersion,
});

describe('a version of a resource', () => {
  it('is compared as the API server counts', () => {
    assert.equal(isAtLeast('10', '9'), true);
    assert.equal(isAtLeast('9', '10'), false);
    assert.equal(isAtLeast('10', '10'), true);
    assert.equal(isAtLeast('x', '1'), false);
    assert.equal(isAtLeast('', '1'), false);
  });

  it('is the newest of hints that were swapped on their way', () => {
    for (const [older, newer] of [
      [seen('9'), seen('10')],
      [seen('12', 1), seen('11', 2)],
    ] as const) {
      assert.deepEqual(mergeHints({ resource: older }, { resource: newer }).resource, newer);
      assert.deepEqual(mergeHints({ resource: newer }, { resource: older }).resource, newer);
    }
  });
});

describe('a cache of resources', () => {
  const resources = new Resources(customResource('toy.dev/v1', 'Toy'));
  const manifest = (resourceVersion: string): Manifest => ({
    apiVersion: 'toy.dev/v1',
    kind: 'Toy',
    metadata: { name: 't', namespace: 'n', uid: 'u', generation: 1, resourceVersion },
  });

  it('does not answer with less than was seen elsewhere, also when only an annotation is newer', () => {
    const known = resources.of(manifest('17'));
    resources.put(known);
    assert.equal(resources.get(known.ref, seen('17')), known.manifest);
    assert.equal(resources.get(known.ref, seen('16')), known.manifest);
    assert.equal(resources.get(known.ref, seen('18')), undefined);
    assert.equal(resources.get(known.ref, seen('17', 2)), undefined);
  });
});

describe('what is asked of a resource beside its spec', () => {
  it('is another thing whenever a label or an annotation is another', () => {
    const asked = [
      {},
      { labels: { a: 'b' } },
      { annotations: { a: 'b' } },
      { annotations: { [COMMANDS.pause]: 'true' } },
      { labels: { a: 'b' }, annotations: { a: 'b' } },
    ].map((metadata) => askedFingerprint(metadata));
    assert.equal(new Set(asked).size, asked.length);
    assert.equal(askedFingerprint({}), '');
  });
});
