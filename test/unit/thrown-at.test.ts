import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainPlace } from '../../activities/failure.ts';
import { framesOf, thrownAt } from '../../core/thrown-at.ts';
import { invalid } from '../../index.ts';

function errorWith(...frames: readonly string[]): Error {
  const error = new TypeError('no "x" of undefined');
  error.stack = [
    'TypeError: no "x" of undefined',
    '    at least one line of a message (1:2)',
    ...frames.map((frame) => `    at ${frame}`),
  ].join('\n');
  return error;
}

describe('the place where operator code threw', () => {
  it('is the innermost file that is neither of Node nor of a package', () => {
    const error = errorWith(
      'Array.map (<anonymous>)',
      'parse (node:url:1:2)',
      'pick (file:///srv/app/node_modules/lodash/pick.js:3:4)',
      'desired (file:///srv/app/pinot/operator.ts:41:7)',
      'file:///srv/app/pinot/other.ts:1:1',
    );
    assert.equal(thrownAt(error), 'pinot/operator.ts:41');
    assert.equal(framesOf(error).length, 4);
    assert.equal(thrownAt(errorWith('Object.desired (/srv/app/dist/operator.js:9:1)')), 'dist/operator.js:9');
    assert.equal(thrownAt(errorWith('async file:///srv/app/dist/operator.js:9:1')), 'dist/operator.js:9');
    assert.equal(thrownAt('a text'), undefined);
  });

  it('follows the message, however long that is, and is left out where a field of the resource is refused', () => {
    const error = errorWith('desired (file:///srv/app/pinot/operator.ts:41:7)');
    assert.equal(explainPlace(error), 'TypeError: no "x" of undefined (at pinot/operator.ts:41)');
    error.message = 'x'.repeat(9_000);
    assert.match(explainPlace(error), /… \(at pinot\/operator\.ts:41\)$/);
    assert.ok(explainPlace(error).length <= 1_000);
    assert.equal(explainPlace(invalid('spec.a', 'is no b')), 'spec.a: is no b');
  });
});
