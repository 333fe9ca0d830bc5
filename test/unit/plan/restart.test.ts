import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digest } from '../../../activities/digest.ts';
import { restartsWith } from '../../../core/commands/restart.ts';
import { render } from '../../../core/plan/digests.ts';
import { plan } from '../../../core/plan/plan.ts';
import { cronJob, customResource, defineOperator, deployment, job, statefulSet } from '../../../index.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toy, TWO_ROLES } from '../../support/toy-operator.ts';

const template = { spec: { containers: [{ name: 'main', image: 'example.org/toy:1' }] } };
const ending = { template: { spec: { ...template.spec, restartPolicy: 'Never' } } };
const operator = defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
  desired: () => [
    deployment('web', { template }),
    statefulSet('db', { serviceName: 'db', template }),
    job('once', ending),
    cronJob('nightly', { schedule: '0 3 * * *', jobTemplate: { spec: ending } }),
  ],
});

function digests(restarts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { objects } = render(plan(operator, toy(TWO_ROLES)), digest, { restarts });
  return Object.fromEntries(Array.from(objects.values(), ({ ref }) => [ref.key, ref.digest]));
}

describe('a restart', () => {
  it('changes what keeps running, and nothing that runs to its end', () => {
    const before = digests({});
    const after = digests(restartsWith({}, '2026-12-01T08:00:00Z'));
    const changed = Object.keys(before).filter((key) => before[key] !== after[key]);
    assert.deepEqual(changed.sort(), ['Deployment.apps/web', 'StatefulSet.apps/db']);
  });
});
