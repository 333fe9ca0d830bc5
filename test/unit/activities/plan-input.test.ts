import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { digest } from '../../../activities/digest.ts';
import type { DigestKey } from '../../../activities/digest-key.ts';
import { inputOf } from '../../../activities/plan-input.ts';
import type { Contents } from '../../../core/plan/digests.ts';
import { render } from '../../../core/plan/digests.ts';
import { UNSEALED } from '../../../core/plan/seal.ts';
import type { PlanInput } from '../../../core/rollout/course.ts';
import { courseOf } from '../../../core/rollout/course.ts';
import { NO_RULES } from '../../../core/rollout/rules.ts';
import { customResource, defineOperator, plan, secret } from '../../../index.ts';
import { NO_KEY } from '../../support/fake-object.ts';

interface Login {
  readonly password: string;
}

const KEYS = { one: keyed('one'), two: keyed('two') };
/** The plan holds its password. */
const MAKES = defineOperator(customResource<Login>('a.dev/v1', 'App'), {
  desired: ({ spec: { password } }) => [secret('login', { data: { password } })],
});
const MAKES_NONE = defineOperator(customResource<Login>('a.dev/v1', 'App'), { desired: () => [] });

function keyed(word: string): DigestKey {
  const seal = (text: string): string => createHmac('sha256', word).update(text).digest('hex');
  return { seal: () => Promise.resolve(seal) };
}

interface Made {
  readonly by?: typeof MAKES;
  readonly password?: string;
  readonly contents?: Contents;
  readonly key: DigestKey;
  readonly generation?: number;
}

/** What a plan was made of, and what becomes of it where another digest was good at the same generation. */
async function inputFor(
  { by = MAKES, password = 'hunter2', contents = {}, key, generation = 1 }: Made,
  good?: PlanInput,
): Promise<{ readonly input: PlanInput; readonly course: string }> {
  const metadata = { name: 'x', namespace: 'ns', uid: 'u', generation };
  const manifest = { apiVersion: 'a.dev/v1', kind: 'App', metadata, spec: { password } };
  const remembered = good ? { good: { revision: 'r', generation: 1, digest: 'before', input: good } } : {};
  const rendered = render(plan(by, manifest), digest);
  const { input, memory } = await inputOf({ manifest, contents, rendered, restarts: {} }, remembered, key);
  return { input, course: courseOf(memory, { generation, digest: 'now', input }, {}, NO_RULES, 0).kind };
}

/** As it was before digests of Secrets were keyed. */
async function plainInput(made: Omit<Made, 'key'> = {}): Promise<PlanInput> {
  const { input } = await inputFor({ ...made, key: { seal: () => Promise.resolve(UNSEALED) } });
  return { digest: input.digest };
}

describe('what a plan was made of', () => {
  it('tells nothing of a Secret that the resource makes', async () => {
    const { input } = await inputFor({ key: KEYS.one });
    assert.notEqual(input.digest, (await plainInput()).digest);
    assert.ok(input.key);
  });

  it('needs no key where nothing is secret', async () => {
    const { input } = await inputFor({ by: MAKES_NONE, key: NO_KEY });
    assert.equal(input.key, undefined);
  });

  it('is held with another key whatever was edited, and with the same key until somebody edits', async () => {
    const { input: good } = await inputFor({ key: KEYS.one });
    const edited = { generation: 2, password: 'other' };
    assert.equal((await inputFor({ key: KEYS.two, ...edited }, good)).course, 'held');
    assert.equal((await inputFor({ key: KEYS.one, ...edited }, good)).course, 'newest');
    assert.equal((await inputFor({ by: MAKES_NONE, key: NO_KEY, ...edited }, good)).course, 'newest');
  });

  it('is another when the resource is, and when a Secret of others is rotated', async () => {
    const { input: good } = await inputFor({ key: KEYS.one, contents: { 'Secret/db': '1' } });
    assert.equal((await inputFor({ key: KEYS.one, contents: { 'Secret/db': '1' } }, good)).course, 'held');
    assert.equal((await inputFor({ key: KEYS.one, contents: { 'Secret/db': '2' } }, good)).course, 'newest');
    const changed = { key: KEYS.one, contents: { 'Secret/db': '1' }, password: 'other' };
    assert.equal((await inputFor(changed, good)).course, 'newest');
  });

  it('is not another because the key is: that restarts pods only when somebody approves', async () => {
    const { input: good } = await inputFor({ key: KEYS.one, contents: { 'Secret/db': '1' } });
    assert.equal((await inputFor({ key: KEYS.two, contents: { 'Secret/db': '2' } }, good)).course, 'held');
    const { input: reading } = await inputFor({
      by: MAKES_NONE,
      key: KEYS.one,
      contents: { 'Secret/db': '1' },
    });
    const lost = { by: MAKES_NONE, key: KEYS.two, contents: { 'Secret/db': '2' } };
    assert.equal((await inputFor(lost, reading)).course, 'held');
  });

  it('is recognised where it was remembered before digests were keyed', async () => {
    const before = await plainInput({ contents: { 'Secret/db': '1' } });
    const same = { key: KEYS.one, contents: { 'Secret/db': '1' } };
    assert.equal((await inputFor(same, before)).course, 'held');
    assert.equal((await inputFor({ ...same, contents: { 'Secret/db': '2' } }, before)).course, 'newest');
  });
});
