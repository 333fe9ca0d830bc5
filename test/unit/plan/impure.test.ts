import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DesiredObject } from '../../../index.ts';
import { configMap, customResource, defineOperator, deployment, inOrder, plan } from '../../../index.ts';

const RESOURCE = {
  apiVersion: 'a.dev/v1',
  kind: 'App',
  metadata: { name: 'x', namespace: 'ns', uid: 'u', generation: 1 },
  spec: {},
};

describe('what an operator wants', () => {
  const planned = (desired: () => readonly (DesiredObject | ReturnType<typeof inOrder>)[]): unknown =>
    plan(defineOperator(customResource<object>('a.dev/v1', 'App'), { desired }), RESOURCE);
  let calls = 0;
  const password = (): DesiredObject => configMap('x', { data: { password: `${(calls += 1)}` } });

  it('depends on the resource alone, or is refused with the field that changes', () => {
    assert.throws(() => planned(() => [password()]), {
      name: 'InvalidResource',
      message:
        'desired: answers otherwise each time it is asked, at ConfigMap x.body.data.password; let it depend on nothing but the resource: no time, no random value, no state',
    });
    const template = { spec: { containers: [{ name: 'main', image: 'a:1' }] } };
    const using = (): DesiredObject => deployment('y', { template }, { uses: [password()] });
    assert.throws(
      () => planned(() => [inOrder([], [using()])]),
      /workloads\.Deployment y\.options\.uses\.ConfigMap x\.body/,
    );
  });

  it('may be made of new values each time, with functions and dates', () => {
    const made = (): DesiredObject => configMap('x', { data: { at: new Date(0) as unknown as string } });
    assert.doesNotThrow(() => planned(() => [made(), inOrder(['a'], [])]));
  });

  it('that is a Promise which fails is refused, and ends no program', async () => {
    const rejected = (): never => Promise.reject(new Error('away')) as never;
    assert.throws(() => planned(rejected), /desired: answered a Promise/);
    await new Promise((resolve) => setImmediate(resolve));
  });
});
