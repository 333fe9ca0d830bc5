import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rolloutRules } from '../../../activities/rollout-rules.ts';
import type { RolloutPolicy } from '../../../api/operator.ts';
import { defineOperator } from '../../../api/operator.ts';
import { customResource } from '../../../api/resource.ts';
import { plan } from '../../../core/plan/plan.ts';

const NOW = Date.parse('2026-12-01T08:00:00Z');
const WINDOW = { schedule: '0 2 * * 6', duration: '4 hours' };
const RESOURCE = {
  apiVersion: 'test.dev/v1',
  kind: 'Toy',
  metadata: { name: 'p1', namespace: 'default', uid: 'u', generation: 1 },
  spec: {},
  status: undefined,
};

/** As a resource is planned: first its objects, then what governs their rollout. */
function rules(policy: unknown): ReturnType<typeof rolloutRules> {
  const operator = defineOperator(customResource('test.dev/v1', 'Toy'), {
    desired: () => [],
    rollout: () => policy as RolloutPolicy,
  });
  plan(operator, RESOURCE);
  return rolloutRules(operator, RESOURCE, NOW);
}

describe('a policy', () => {
  for (const [policy, message] of [
    [undefined, /^rollout: undefined is no policy; expected an object/],
    [Promise.resolve({}), /^rollout: .* is no policy/],
    [{ aproval: 'required' }, /^rollout\.aproval: is unknown; the fields are approval, bake/],
    [{ approval: true }, /^rollout\.approval: expected "required", or a list of roles.*; found true$/],
    [{ approval: 'server' }, /^rollout\.approval: expected "required", or a list of roles/],
    [{ approval: [1] }, /^rollout\.approval: /],
    [{ deadline: '30' }, /^rollout\.deadline: "30" is no duration; write, for example, "30 minutes"$/],
    [{ deadline: 30 }, /^rollout\.deadline: expected a text; found 30$/],
    [{ bake: { broker: '10' } }, /^rollout\.bake\.broker: "10" is no duration/],
    [{ bake: 10 }, /^rollout\.bake: expected a duration/],
    [{ bake: null }, /^rollout\.bake: expected a duration/],
    [{ firstInstall: 'serial' }, /^rollout\.firstInstall: expected "parallel" or "ordered"; found "serial"$/],
    [{ onDeadline: 'rollBack' }, /^rollout\.onDeadline: expected "halt" or "rollback"/],
    [{ restartOnChange: 'no' }, /^rollout\.restartOnChange: expected true or false; found "no"$/],
    [{ timeLimits: { gates: '1 minute' } }, /^rollout\.timeLimits\.gates: is unknown; the fields are gate/],
    [{ timeLimits: '1 minute' }, /^rollout\.timeLimits: expected an object/],
    [{ windows: [] }, /^rollout\.windows: expected a list of at least one window/],
    [{ windows: WINDOW }, /^rollout\.windows: expected a list of at least one window/],
    [{ windows: ['0 2 * * 6'] }, /^rollout\.windows\[0\]: "0 2 \* \* 6" is no window/],
    [{ windows: [{ schedule: '0 2 * * 6' }] }, /^rollout\.windows\[0\]\.duration: is missing$/],
    [{ windows: [WINDOW, { ...WINDOW, timezone: 'UTC' }] }, /^rollout\.windows\[1\]\.timezone: is unknown/],
    [
      { windows: [{ ...WINDOW, schedule: '0 2 31 2 *' }] },
      /^rollout\.windows\[0\]\.schedule: .* never opens/,
    ],
    [{ windows: [{ ...WINDOW, schedule: '2020-01-01T00:00:00' }] }, /no cron schedule of five fields$/],
    [
      { windows: [{ ...WINDOW, for: ['change'] }] },
      /^rollout\.windows\[0\]\.for: expected a list of at least/,
    ],
    [
      { windows: [{ ...WINDOW, for: [] }] },
      /^rollout\.windows\[0\]\.for: expected a list of at least one of/,
    ],
  ] as const)
    it(`that says ${JSON.stringify(policy)} is refused with its field and what is expected`, () => {
      assert.throws(() => rules(policy), { name: 'InvalidResource', message });
    });

  it('that says what it may is taken as it is', () => {
    const { rules: resolved, stageDeadlineMs } = rules({
      approval: [],
      bake: { '*': '0 s' },
      deadline: '1h',
      onDeadline: undefined,
      windows: [{ ...WINDOW, for: ['Change', 'Runtime'] }],
    });
    assert.equal(stageDeadlineMs, 3_600_000);
    assert.equal(resolved.windows?.length, 3);
  });
});
