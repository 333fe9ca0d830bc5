import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LineSplitter } from '../../../kubernetes/lines.ts';

describe('line splitter', () => {
  it('cuts the same lines wherever the chunks end, also inside a character', () => {
    const text = '{"a":"ä"}\n{"b":"日本"}\n\n{"c":1}\n';
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size++) {
      const lines: string[] = [];
      const splitter = new LineSplitter();
      for (let at = 0; at < bytes.length; at += size)
        splitter.push(bytes.subarray(at, at + size), (line) => lines.push(line));
      assert.deepEqual(lines, ['{"a":"ä"}', '{"b":"日本"}', '{"c":1}']);
    }
  });
});
