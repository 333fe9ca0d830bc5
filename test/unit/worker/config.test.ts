import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { divisionOf } from '../../../bridge/division.ts';
import { readConfig } from '../../../worker/config.ts';
import type { RunOptions } from '../../../worker/index.ts';
import { SetupError, startOperators } from '../../../worker/index.ts';
import { toyOperator } from '../../support/toy-operator.ts';

const LEVELS = 'trace, debug, info, warn, error, fatal, silent';
const TEMPORAL = "Temporal's configuration (TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE, TEMPORAL_…)";

const REFUSALS: readonly (readonly [RunOptions, Readonly<Record<string, string>>, string])[] = [
  [{ logLevel: 'loud' }, {}, `the log level is one of ${LEVELS}, not "loud"`],
  [{}, { LOG_LEVEL: 'WARN' }, `LOG_LEVEL is one of ${LEVELS}, not "WARN"`],
  [{}, { TEMPORAL_PROFILE: 'nope' }, `${TEMPORAL}: Profile 'nope' not found in config data`],
  [
    {},
    { TEMPORAL_TLS: 'true', TEMPORAL_TLS_CLIENT_CERT_PATH: '/no/such' },
    `${TEMPORAL}: ENOENT: no such file or directory, open '/no/such'`,
  ],
  [{ allowedNamespaces: ['a,b'] }, {}, 'allowed namespaces: "a,b" is not the name of a namespace'],
  [{}, { DENY_LIST: 'kube system' }, 'denied namespaces: "kube system" is not the name of a namespace'],
  [
    { allowedNamespaces: ['a'], deniedNamespaces: ['a', 'b'] },
    {},
    'no namespace is left: a allowed, a, b denied',
  ],
  [{ resyncPeriod: 'soon' }, {}, 'resyncPeriod is a time like "15 seconds", not "soon"'],
  [
    { leaderElection: { leaseDuration: '1 second' } },
    {},
    'leader election: leaseDuration (1000 ms) must be longer than renewDeadline (10000 ms), and that longer than 1.2 times retryPeriod (2000 ms)',
  ],
];

describe('the configuration', () => {
  const before = { ...process.env };
  afterEach(() => (process.env = { ...before }));

  for (const [options, env, message] of REFUSALS)
    it(`is refused in one line: ${message}`, () => {
      Object.assign(process.env, env);
      assert.throws(() => readConfig(options), new SetupError(message));
    });

  it('takes every variable that is empty for none', () => {
    Object.assign(process.env, { LOG_LEVEL: '', DENY_LIST: '' });
    const { logLevel, namespaces } = readConfig({});
    assert.deepEqual([logLevel, namespaces], ['info', { denied: [] }]);
  });

  it('has no two operators of one name', async () => {
    await assert.rejects(
      startOperators([toyOperator({ name: 'one' }), toyOperator({ name: 'one' })], { logLevel: 'silent' }),
      new SetupError('two operators are named "one"; give one of them another `name`'),
    );
  });
});

describe('the division of an operator', () => {
  const of = (options: RunOptions): string => divisionOf('toys', readConfig(options).namespaces);

  it('is the operator itself where a program has all namespaces', () => {
    assert.equal(of({}), 'toys');
  });

  it('is one for each set of namespaces, however that is written', () => {
    const [ab, a, notA] = [['a', 'b'], ['a'], undefined].map((allowedNamespaces) =>
      of(allowedNamespaces ? { allowedNamespaces } : { deniedNamespaces: ['a'] }),
    );
    assert.equal(new Set([ab, a, notA, 'toys']).size, 4);
    assert.equal(of({ allowedNamespaces: ['b', 'a', 'b'] }), ab);
    assert.equal(of({ allowedNamespaces: ['a', 'b'], deniedNamespaces: ['b', 'c'] }), a);
  });
});
