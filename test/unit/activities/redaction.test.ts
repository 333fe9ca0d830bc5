import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedaction } from '../../../activities/redaction.ts';

function redacting(...values: readonly string[]): (text: string) => string {
  const redaction = createRedaction();
  redaction.hide(values);
  return redaction.redact;
}

describe('redaction', () => {
  it('strikes out a value however it is written', () => {
    const value = 'pa/ss "word"\n';
    const redact = redacting(value);
    const written = [
      value,
      value.trim(),
      encodeURIComponent(value.trim()),
      JSON.stringify(value),
      Buffer.from(value).toString('base64'),
    ];
    for (const text of written) {
      const told = redact(`401 from http://x/?p=${text}: refused`);
      assert.match(told, /^401 from http:\/\/x\/\?p="?\*\*\*"?\s?: refused$/);
    }
  });

  it('strikes out two values as basic authentication joins them', () => {
    const sent = Buffer.from('admin:verysecret').toString('base64');
    assert.equal(redacting('admin', 'verysecret')(`header ${sent} refused`), 'header *** refused');
  });

  it('strikes out credentials that nobody gave it, by their form', () => {
    assert.equal(redacting()('Authorization: Basic YWRtaW46eA=='), 'Authorization: Basic ***');
    assert.equal(redacting()('GET https://admin:pw@pinot:9000/tables'), 'GET https://***@pinot:9000/tables');
  });

  it('leaves no rest of a value that another begins', () => {
    assert.equal(redacting('secret', 'secret-2')('it was secret-2'), 'it was ***');
  });

  it('leaves what is too short to be a secret, or a plain word, and still strikes out the pair it is part of', () => {
    const redact = redacting('a', '9', 'no', 'true', 'verysecret');
    assert.equal(redact('a table has no 9 rows: true'), 'a table has no 9 rows: true');
    const sent = Buffer.from('a:verysecret').toString('base64');
    assert.equal(redact(`header ${sent}`), 'header ***');
  });

  it('leaves everything else word for word', () => {
    const text = '{"code":409,"error":"Table config already exists: a basic fact"}';
    assert.equal(redacting('hunter2')(text), text);
  });
});
