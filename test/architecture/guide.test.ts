import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ROOT } from './imports.ts';

const GUIDE = 'docs/your-data-system.md';

/** Blocks that say which file they are from: ```ts examples/druid/operator.ts */
const SHOWN = /^```\w+ (examples\/\S+)\n([\s\S]*?)^```$/gm;

function linesOf(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n');
}

describe('the guide', () => {
  const shown = [...readFileSync(`${ROOT}${GUIDE}`, 'utf8').matchAll(SHOWN)];

  it('shows code of an example', () => assert.ok(shown.length >= 6, `${shown.length} blocks name a file`));

  for (const [, file = '', block = ''] of shown)
    it(`shows ${file} line by line: ${block.trimStart().split('\n')[0]}`, () => {
      const text = linesOf(readFileSync(`${ROOT}${file}`, 'utf8'));
      assert.ok(text.includes(linesOf(block)), `${file} has not:\n${block}`);
    });
});
