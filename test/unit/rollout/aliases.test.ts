import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { withoutAliases } from '../../../core/rollout/aliases.ts';
import { NEW_STATE } from '../../../core/rollout/state.ts';

const KEYS = ['Ingress.extensions/x', 'Ingress.networking.k8s.io/x', 'Service/x', 'Service/y'];
const entry = fc.record({
  uid: fc.constantFrom('', 'u1', 'u2', 'u3'),
  digest: fc.constantFrom('', 'd1', 'd2', 'd3'),
  fields: fc.constant(''),
});
const inventories = fc.dictionary(fc.constantFrom(...KEYS), entry, { noNullPrototype: true });
const plans: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.constantFrom('d1', 'd2', 'd3'),
  {
    noNullPrototype: true,
  },
);

describe('an inventory', () => {
  it('holds nothing to delete that is wanted under another key, by uid or by digest', () => {
    fc.assert(
      fc.property(inventories, plans, (inventory, digests) => {
        const refs = Object.fromEntries(
          Object.entries(digests).map(([key, digest]) => [key, { key, digest }]),
        );
        const left = withoutAliases({ ...NEW_STATE, inventory }, { refs }).inventory;
        const wanted = Object.entries(left).filter(([key]) => key in refs);
        assert.equal(wanted.length, Object.keys(inventory).filter((key) => key in refs).length);
        for (const [key, { uid, digest }] of Object.entries(left)) {
          if (key in refs) continue;
          assert.ok(!Object.values(digests).includes(digest));
          assert.ok(uid === '' || !wanted.some(([, other]) => other.uid === uid));
        }
        const others = Object.entries(inventory).filter(
          ([key, { uid, digest }]) =>
            !(key in refs) &&
            !Object.values(digests).includes(digest) &&
            !wanted.some(([, other]) => other.uid !== '' && other.uid === uid),
        );
        for (const [key] of others) assert.ok(key in left, 'what is nothing wanted stays to be deleted');
      }),
    );
  });
});
