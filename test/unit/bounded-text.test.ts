import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bounded, boundedBytes } from '../../core/bounded-text.ts';

const text = fc.string({ unit: 'binary', maxLength: 60 });

describe('a bounded text', () => {
  it('keeps what is short enough, and else begins as the text does and says that it is cut', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (given, most) => {
        const kept = bounded(given, most);
        assert.ok(kept.length <= most);
        if (given.length <= most) assert.equal(kept, given);
        else assert.ok(kept.endsWith('…') && given.startsWith(kept.slice(0, -1)));
      }),
    );
  });

  it('has at most so many bytes, and is well formed where the whole text is', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 60 }), (given, most) => {
        const kept = boundedBytes(given, most);
        assert.ok(Buffer.byteLength(kept) <= most);
        if (Buffer.byteLength(given) <= most) assert.equal(kept, given);
        if (given.isWellFormed()) assert.ok(kept.isWellFormed() && bounded(given, most).isWellFormed());
      }),
    );
  });
});
