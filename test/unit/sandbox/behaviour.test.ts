import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BEHAVIOUR_ANNOTATION, behaviourOf } from '../../../sandbox/behaviour.ts';

describe("a simulated pod's behaviour", () => {
  const byImage = (...images: string[]) => behaviourOf({ images });

  it('is to run when nothing says otherwise', () => {
    for (const image of [
      'nginx',
      'nginx:1.2',
      'host:5000/nginx',
      'crash',
      'a/crash@sha256:0123',
      'nginx:crashy',
    ]) {
      assert.deepEqual(byImage(image), { name: 'run', delayMs: 0 }, image);
    }
  });

  it("is the tag's, or its end", () => {
    assert.equal(byImage('nginx:crash').name, 'crash');
    assert.equal(byImage('host:5000/pinot:1.2-never-ready').name, 'never-ready');
    assert.deepEqual(byImage('pinot:1.2-slow-250'), { name: 'slow', delayMs: 250 });
  });

  it('is that of the first image that has one', () => {
    assert.equal(byImage('sidecar:1', 'main:oom', 'other:crash').name, 'oom');
  });

  it("is the annotation's before any tag's", () => {
    const annotations = { [BEHAVIOUR_ANNOTATION]: 'slow-5' };
    assert.deepEqual(behaviourOf({ annotations, images: ['a:crash'] }), { name: 'slow', delayMs: 5 });
  });
});
