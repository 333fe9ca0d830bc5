import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quantity } from '../../../core/health/quantity.ts';

describe('a quantity', () => {
  it('is read as Kubernetes writes it', () => {
    const known = {
      '10Gi': 10 * 2 ** 30,
      '1500M': 1.5e9,
      '1e3': 1_000,
      '.5': 0.5,
      '1.': 1,
      '-2k': -2_000,
      '100m': 0.1,
    };
    for (const [text, value] of Object.entries(known)) assert.equal(quantity(text), value, text);
    for (const text of ['1GB', '1 Gi', '', 'Gi', '1.2.3', '1e', {}, undefined])
      assert.equal(quantity(text), undefined, JSON.stringify(text));
  });

  it('costs the same for each character of a text that is none', () => {
    const began = performance.now();
    for (const text of ['1'.repeat(1_000_000), '.'.repeat(1_000_000), '1.'.repeat(500_000)])
      quantity(`${text}x`);
    assert.ok(performance.now() - began < 2_000);
  });
});
