import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withEncodedStringData } from '../../../core/plan/string-data.ts';

describe('the text of a Secret', () => {
  it('is stored as the API server stores it', () => {
    const texts = ['', 'a', 'ab', 'abc', 'abcd', 'grüße', '漢字', '😀%25', '\n\0'];
    const stringData = Object.fromEntries(texts.map((text, index) => [`k${index}`, text]));
    const expected = texts.map((text, index) => [`k${index}`, Buffer.from(text).toString('base64')]);
    assert.deepEqual(withEncodedStringData({ stringData }), { data: Object.fromEntries(expected) });
  });

  it('takes the place of data under the same key, and leaves the rest', () => {
    const data = { a: 'b2xk', b: 'Yg==' };
    assert.deepEqual(withEncodedStringData({ type: 'Opaque', data, stringData: { a: 'new' } }), {
      type: 'Opaque',
      data: { a: 'bmV3', b: 'Yg==' },
    });
    assert.deepEqual(withEncodedStringData({ data }), { data });
  });
});
