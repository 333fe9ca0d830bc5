import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digest } from '../../../activities/digest.ts';
import type { Rendered } from '../../../core/plan/digests.ts';
import { contentDigest, render } from '../../../core/plan/digests.ts';
import type { Plan } from '../../../core/plan/plan.ts';
import { desiredOf, planOf } from '../../../core/plan/plan.ts';
import { builtInScope } from '../../../core/plan/scopes.ts';
import type { Seal } from '../../../core/plan/seal.ts';
import { UNSEALED } from '../../../core/plan/seal.ts';
import type { DesiredObject, Operator } from '../../../index.ts';
import { configMap, customResource, defineOperator, deployment, secret } from '../../../index.ts';

const RESOURCE = {
  apiVersion: 'a.dev/v1',
  kind: 'App',
  metadata: { name: 'x', namespace: 'ns', uid: 'u', generation: 1 },
  spec: {},
};
const DATA = { data: { password: 'aHVudGVyMg==' } };

function reading(name: string, volume: object, uses: readonly DesiredObject[] = []): DesiredObject {
  const containers = [{ name: 'main', image: 'example.org/a:1' }];
  return deployment(
    name,
    { template: { spec: { containers, volumes: [{ name: 'v', ...volume }] } } },
    { uses },
  );
}

const VERSIONED = secret('login', DATA);
const PLAIN = secret('plain', DATA, { versioned: false });
const CONFIG = configMap('config', { data: { a: '1' } });
const OBJECTS = [
  VERSIONED,
  PLAIN,
  CONFIG,
  reading('versioned', { secret: { secretName: 'login' } }),
  reading('plain', { secret: { secretName: 'plain' } }),
  reading('configured', { configMap: { name: 'config' } }),
];

function sealedPlan(operator: Operator<object>, seal: Seal): Plan {
  return planOf(operator, RESOURCE, desiredOf(operator, RESOURCE), { seal, scopeOf: builtInScope });
}

function rendered(seal: Seal): Rendered {
  const operator = defineOperator(customResource<object>('a.dev/v1', 'App'), { desired: () => OBJECTS });
  return render(sealedPlan(operator, seal), digest, { seal });
}

/** All that leaves a worker: keys, digests and manifests but for what Secrets hold. */
function told({ objects, ...rest }: Rendered): string {
  const all = Array.from(objects.values(), ({ ref, manifest }) => [ref, { ...manifest, data: '' }]);
  return JSON.stringify([all, rest]);
}

function sealWith(key: string): Seal {
  return (plain) => digest([key, plain]);
}

describe('a plan that is sealed', () => {
  it('holds no digest of a Secret that is made without the key', () => {
    const plain = rendered(UNSEALED);
    const secrets = Array.from(plain.objects.values()).filter(({ ref }) => ref.key.startsWith('Secret/'));
    assert.equal(secrets.length, 2);
    const guesses = secrets.flatMap(({ ref, manifest }) => [
      ref.digest,
      contentDigest(manifest, digest),
      manifest.metadata.name,
    ]);
    const sealed = told(rendered(sealWith('key')));
    for (const guess of guesses.filter((each) => each !== 'plain'))
      assert.equal(sealed.includes(guess), false, guess);
  });

  it('is the same for one key, and another for another only in what a Secret has a part in', () => {
    assert.equal(told(rendered(sealWith('one'))), told(rendered(sealWith('one'))));
    const [one, two] = ['one', 'two'].map((key) => rendered(sealWith(key)).objects);
    const changed = Array.from(one ?? [], ([key, { ref }]) =>
      two?.get(key)?.ref.digest === ref.digest ? [] : [ref.key.replace(/-[0-9a-f]{10}$/, '')],
    ).flat();
    assert.deepEqual(changed.sort(), [
      'Deployment.apps/plain',
      'Deployment.apps/versioned',
      'Secret/login',
      'Secret/plain',
    ]);
  });

  it('names a version by what is in it', () => {
    const names = ['1', '2'].map((password) => {
      const operator = defineOperator(customResource<object>('a.dev/v1', 'App'), {
        desired: () => [
          secret('login', { data: { password } }),
          reading('versioned', { secret: { secretName: 'login' } }),
        ],
      });
      const { objects } = sealedPlan(operator, sealWith('key'));
      return objects.find(({ key }) => key.startsWith('Secret/'))?.key ?? '';
    });
    assert.match(names[0] ?? '', /^Secret\/login-[0-9a-f]{10}$/);
    assert.notEqual(names[0], names[1]);
  });
});
