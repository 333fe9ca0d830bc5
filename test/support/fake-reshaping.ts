/** The activities by which a StatefulSet gets another shape, over a table of objects; what each look answers is the test's to say. */
import type { Activities, ShapeAnswer, StepResult } from '../../activities/index.ts';
import type { ObjectKey } from '../../core/refs.ts';
import type { Entry } from '../../core/rollout/state.ts';
import type { Unblocked } from '../../core/rollout/unblock.ts';
import type { FakeObject } from './fake-object.ts';

type Name =
  | 'observeShape'
  | 'growClaims'
  | 'releasePods'
  | 'clearPods'
  | 'recreateStatefulSet'
  | 'settleStatefulSet'
  | 'restoreStatefulSets'
  | 'restartPod'
  | 'unblockWorkload';

const DONE: StepResult = { done: true };

export class FakeReshaping {
  /** What looks at the shape of an object answer, one after the other; then that it is as wanted. */
  readonly shapes: Map<ObjectKey, ShapeAnswer[]> = new Map();
  unblocks: () => Unblocked = () => ({ replaced: false, why: '' });
  /** What comes of restarting a pod. */
  restarts: () => StepResult = () => DONE;
  readonly #objects: Map<ObjectKey, FakeObject>;
  readonly #vanish: (key: ObjectKey) => Promise<void>;
  /** What was deleted, as it was. */
  readonly #former = new Map<ObjectKey, FakeObject>();

  constructor(objects: Map<ObjectKey, FakeObject>, vanish: (key: ObjectKey) => Promise<void>) {
    this.#objects = objects;
    this.#vanish = vanish;
  }

  activities(
    call: <Answer>(
      name: Name,
      subjects: readonly string[],
      body: () => Answer | Promise<Answer>,
    ) => Promise<Answer>,
  ): Pick<Activities, Name> {
    return {
      observeShape: (_, key) => call('observeShape', [key], () => this.#look(key)),
      growClaims: (_, key) => call('growClaims', [key], () => DONE),
      releasePods: (_, key) => call('releasePods', [key], () => this.#release(key)),
      clearPods: (_, key) => call('clearPods', [key], () => DONE),
      recreateStatefulSet: (_, key) => call('recreateStatefulSet', [key], () => this.#recreate(key)),
      settleStatefulSet: (_, key) => call('settleStatefulSet', [key], () => DONE),
      restoreStatefulSets: (_, keys) =>
        call('restoreStatefulSets', keys, () =>
          keys.map((key) => {
            this.#recreate(key);
            return { key, ...this.#entry(key) };
          }),
        ),
      restartPod: (_, key) => call('restartPod', [key], () => this.restarts()),
      unblockWorkload: (_, key) => call('unblockWorkload', [key], () => this.unblocks()),
    };
  }

  #look(key: ObjectKey): ShapeAnswer {
    return this.shapes.get(key)?.shift() ?? { kind: 'done', ...this.#entry(key) };
  }

  #entry(key: ObjectKey): { readonly entry?: Entry } {
    const live = this.#objects.get(key);
    if (!live) return {};
    const { digest, template, uid, generation, fields } = live;
    return { entry: { digest, template, uid, generation, fields } };
  }

  async #release(key: ObjectKey): Promise<StepResult> {
    const live = this.#objects.get(key);
    if (live) this.#former.set(key, live);
    await this.#vanish(key);
    return DONE;
  }

  /** As it was, with another uid. */
  #recreate(key: ObjectKey): StepResult {
    const former = this.#former.get(key);
    if (former && !this.#objects.has(key))
      this.#objects.set(key, { ...former, uid: `${former.uid}-anew`, generation: 1 });
    return DONE;
  }
}
