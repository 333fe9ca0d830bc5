import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { cachedProgram, type CachedProgram } from '../../../sandbox/cached-program.ts';

describe('a cached program', () => {
  const cache = mkdtempSync(path.join(tmpdir(), 'cache-'));
  const before_ = process.env.XDG_CACHE_HOME;
  let made = 0;
  let told: string[] = [];
  const program: CachedProgram = {
    name: 'hello',
    version: '1',
    make: async (file) => {
      made++;
      await new Promise((resolve) => setTimeout(resolve, 100));
      writeFileSync(file, 'hello');
    },
  };
  const get = (wanted = program): Promise<string> =>
    cachedProgram(wanted, { report: (_component, message) => told.push(message) });

  before(() => (process.env.XDG_CACHE_HOME = cache));
  after(() => {
    if (before_ === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before_;
    rmSync(cache, { recursive: true });
  });
  beforeEach(() => {
    rmSync(path.join(cache, 'durable-operator'), { recursive: true, force: true });
    made = 0;
    told = [];
  });

  it('is made once, though two ask for it at the same time, and the other shows that it waits', async () => {
    const [one, other] = await Promise.all([get(), get()]);
    assert.equal(one, other);
    assert.equal(await get(), one);
    assert.equal(made, 1);
    assert.deepEqual(told, [`waiting for process ${process.pid}, which is making it`]);
  });

  it('is made again when it was damaged', async () => {
    const file = await get();
    appendFileSync(file, '!');
    assert.equal(readFileSync(await get(), 'utf8'), 'hello');
    assert.equal(made, 2);
  });

  it('is kept when it was only touched', async () => {
    const file = await get();
    utimesSync(file, 1, 1);
    assert.equal(await get(), file);
    assert.equal(made, 1);
  });

  it('is made again after a maker that was killed, of which nothing stays', async () => {
    const file = await get();
    rmSync(`${file}.sha256`);
    mkdirSync(`${path.dirname(file)}.making-killed`);
    writeFileSync(`${path.dirname(file)}.lock`, String(spawnSync('true').pid));
    assert.equal(readFileSync(await get(), 'utf8'), 'hello');
    assert.deepEqual(readdirSync(path.join(cache, 'durable-operator')), ['hello-1']);
  });

  it('is not there at all when making it failed, and can be made later', async () => {
    const failing = { ...program, make: () => Promise.reject(new Error('no compiler')) };
    await assert.rejects(get(failing), /no compiler/);
    assert.deepEqual(readdirSync(path.join(cache, 'durable-operator')), []);
    assert.equal(readFileSync(await get(), 'utf8'), 'hello');
  });
});
