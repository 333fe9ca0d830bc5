import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DigestKey } from '../../../activities/digest-key.ts';
import { createDigestKey, KEY_TRUSTED_MS, nameOfKey } from '../../../activities/digest-key.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';

/** The one Secret of an operator's namespace, and the workers that read it. */
class Home {
  secret: Manifest | undefined;
  reads = 0;
  failure: StatusError | undefined;
  now = 0;

  worker(): DigestKey {
    return createDigestKey({
      operator: 'toys',
      namespace: 'operators',
      now: () => this.now,
      api: {
        get: () => {
          this.reads++;
          return this.failure ? Promise.reject(this.failure) : Promise.resolve(this.secret);
        },
        create: (manifest) => {
          if (this.secret)
            return Promise.reject(new StatusError('is there', { code: 409, reason: 'AlreadyExists' }));
          this.secret = manifest;
          return Promise.resolve(this.secret);
        },
      },
    });
  }

  passes(): void {
    this.now += KEY_TRUSTED_MS;
  }
}

async function sealed(worker: DigestKey): Promise<string> {
  return (await worker.seal())('of hunter2');
}

describe('the key of digests', () => {
  it('is made once, shared by workers that begin at once, and found by those that begin later', async () => {
    const home = new Home();
    const digests = await Promise.all([home.worker(), home.worker()].map(sealed));
    digests.push(await sealed(home.worker()));
    assert.equal(new Set(digests).size, 1);
    assert.equal(home.secret?.metadata.name, 'toys-digest-key');
  });

  it('is read once a minute at most', async () => {
    const home = new Home();
    const worker = home.worker();
    await Promise.all([sealed(worker), sealed(worker)]);
    const { reads } = home;
    await sealed(worker);
    assert.equal(home.reads, reads);
    home.passes();
    await Promise.all([sealed(worker), sealed(worker)]);
    assert.equal(home.reads, reads + 1);
  });

  it('that somebody deleted is put back by a worker that knows it', async () => {
    const home = new Home();
    const worker = home.worker();
    const before = await sealed(worker);
    home.secret = undefined;
    home.passes();
    assert.equal(await sealed(worker), before);
    assert.equal(await sealed(home.worker()), before);
  });

  it('that somebody replaced is taken up within a minute, and has another name', async () => {
    const home = new Home();
    const worker = home.worker();
    const before = await worker.seal();
    const other = new Home();
    await other.worker().seal();
    home.secret = other.secret;
    assert.equal(await worker.seal(), before);
    home.passes();
    const after = await worker.seal();
    assert.notEqual(after('of hunter2'), before('of hunter2'));
    assert.notEqual(nameOfKey(after), nameOfKey(before));
  });

  it('that cannot be read is asked for again, and none is made in its place', async () => {
    const home = new Home();
    const worker = home.worker();
    home.failure = new StatusError('no', { code: 403, reason: 'Forbidden' });
    await assert.rejects(worker.seal(), { reason: 'Forbidden' });
    assert.equal(home.secret, undefined);
    home.failure = undefined;
    assert.equal(await sealed(worker), await sealed(home.worker()));
  });

  it('that is too short is refused with what to do, and without what it is', async () => {
    const home = new Home();
    const metadata = { name: 'toys-digest-key', namespace: 'operators' };
    home.secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: { key: 'c2hvcnQ=' } };
    await assert.rejects(home.worker().seal(), (error: Error) => {
      assert.match(error.message, /operators\/toys-digest-key has no key of 32 bytes in data\.key; put back/);
      assert.doesNotMatch(error.message, /short|c2hvcnQ/);
      return true;
    });
  });
});
