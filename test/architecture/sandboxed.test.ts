import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('tsconfig.sandboxed.json', () => {
  it('compiles api and core with no types of Node and of no package', async () => {
    const { stdout } = await promisify(execFile)(
      'node_modules/.bin/tsc',
      ['-p', 'tsconfig.sandboxed.json', '--listFiles'],
      { cwd: root, maxBuffer: 16 * 1024 * 1024 },
    );
    const files = stdout.split('\n').filter(Boolean);
    assert.ok(files.some((file) => file.endsWith('core/plan/plan.ts')));
    const foreign = files.filter((file) => file.includes('node_modules') && !/\/lib\.[^/]*d\.ts$/.test(file));
    assert.deepEqual(foreign, []);
  });
});

describe('workflows and core', () => {
  it('ask nobody but the clock for the time, and for their length: a replay may see another', () => {
    const files = globSync('{workflows,core}/**/*.ts', { cwd: root });
    const asking = files.filter((file) =>
      /Date\.now\(|new Date\(\)|performance\.|workflowInfo/.test(readFileSync(path.join(root, file), 'utf8')),
    );
    assert.deepEqual(asking, ['workflows/clock.ts']);
  });
});
