import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResource, defineOperator, differenceOf, externalKind } from '../../../index.ts';
import { Table } from '../../support/toy-external.ts';

describe('differenceOf', () => {
  it('finds nothing in a server that adds to what is wanted', () => {
    assert.equal(
      differenceOf({ a: 1, b: { c: [1, { d: 2 }] } }, { a: 1, x: 0, b: { c: [1, { d: 2, y: 3 }] } }),
      undefined,
    );
    assert.equal(differenceOf({ a: undefined }, {}), undefined);
  });

  it('names the place, and no value', () => {
    assert.equal(differenceOf({ a: { b: ['x', 'secret'] } }, { a: { b: ['x', 'other'] } }), 'a.b[1]');
    assert.equal(differenceOf({ a: [1, 2] }, { a: [1] }), 'a (1 entries, 2 wanted)');
    assert.equal(differenceOf({ a: null }, { a: {} }), 'a');
    assert.equal(differenceOf({ a: [] }, { a: {} }), 'a');
    assert.equal(differenceOf({ a: 1 }, 'text'), 'all of it');
  });
});

describe('externalKind', () => {
  it('makes desired objects, whose place is their namespace', () => {
    const { kind, name, namespace, body } = Table('flights', { config: 'x' }, { place: 'pinot' });
    assert.deepEqual(
      { kind, name, namespace, body },
      {
        kind: 'Table',
        name: 'flights',
        namespace: 'pinot',
        body: { wanted: { config: 'x' } },
      },
    );
  });

  it('refuses names that could not be told from places', () => {
    assert.throws(() => Table('a/b', { config: '' }), TypeError);
    assert.throws(() => Table('a', { config: '' }, { place: 'x/y' }), TypeError);
    assert.throws(() => Table('', { config: '' }), TypeError);
    assert.throws(() => externalKind('lower', Table.functions), TypeError);
  });

  it('is listed once in an operator', () => {
    const toys = customResource('toy.dev/v1', 'Toy');
    assert.throws(
      () => defineOperator(toys, { externals: [Table, Table], desired: () => [] }),
      /Table is listed twice/,
    );
  });
});
