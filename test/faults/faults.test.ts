import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byChance, campaign } from './campaign.ts';
import { FAULTS, KILLS } from './faults.ts';
import { HANDS } from './hands.ts';
import { linesOf } from './report.ts';

/** The short form; `npm run test:faults` plays every fault, with any seed, for as long as one likes. */
const ALL = { ...FAULTS, ...HANDS, ...KILLS };
const SHORT: readonly string[] = [
  'kill a replica',
  'cut a wire',
  'say what is old, twice, in the wrong order',
  'terminate workflows',
  'kill the API server',
  'stall a wire, then sever it',
  'give an object to another resource',
  'overwrite a status',
  'let every hook hang',
];

describe('the program under fault', () => {
  it('ends where the resources say, deletes nothing that is wanted, and replaces no pod more often than asked', async (test) => {
    const report = await campaign({
      seed: 1,
      resources: 3,
      replicas: 2,
      ...byChance(Object.fromEntries(SHORT.map((name) => [name, ALL[name] ?? assert.fail(name)])), 3),
      goesOn: (round) => round < SHORT.length,
      patienceMs: 120_000,
      say: (line) => test.diagnostic(line),
    });
    for (const line of linesOf(report)) test.diagnostic(line);
    assert.deepEqual(report.lost, []);
    assert.deepEqual(report.violations, []);
    assert.equal(report.rounds.length, SHORT.length);
    assert.ok(report.changes >= SHORT.length);
  });
});
