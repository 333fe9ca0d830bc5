/**
 * The activities of one toy resource over a table of objects: real plans and digests, and objects whose health the test
 * decides. What it is for is the workflow; the API server's own semantics are tested on a real one.
 */
import type { Activities, ApplyItem, PlanAnswer, PlanRef, PlanRequest } from '../../activities/index.ts';
import type { PruneItem, StatusReport, Written } from '../../activities/index.ts';
import { stop } from '../../activities/failure.ts';
import type { Chosen, Sources } from '../../activities/choose-plan.ts';
import { choosePlan, deltaOf, ordersIn } from '../../activities/choose-plan.ts';
import type { KeptPlan } from '../../activities/revisions.ts';
import { revisionName } from '../../activities/revisions.ts';
import type { Manifest } from '../../core/manifest.ts';
import { InvalidResource } from '../../index.ts';
import type { Operator } from '../../index.ts';
import { isWorkload } from '../../core/plan/categories.ts';
import type { PlannedRef } from '../../core/plan/digests.ts';
import type { ObjectKey, ResourceRef } from '../../core/refs.ts';
import type { ApplyResult, Observation } from '../../core/rollout/fold.ts';
import type { Removal } from '../../core/rollout/fold-pruned.ts';
import { rfc3339 } from '../../core/rollout/times.ts';
import type { GateReply } from '../../core/rollout/fold-passage.ts';
import type { SeenReference } from '../../core/rollout/references.ts';
import { acceptGeneration } from '../../core/status/conditions.ts';
import type { Condition, ResourceStatus } from '../../core/status/resource-status.ts';
import type { Hint } from '../../core/hint.ts';
import { FakeReshaping } from './fake-reshaping.ts';
import { changeBy } from './fake-annotations.ts';
import type { FakeObject, FakeOptions, Heals, Wanted } from './fake-object.ts';
import { HEALTH, claimed, keysOf, sourcesOf } from './fake-object.ts';
import type { ToySpec } from './toy-operator.ts';
import { toyOperator } from './toy-operator.ts';

export class FakeCluster {
  readonly ref: ResourceRef;
  readonly objects: Map<ObjectKey, FakeObject> = new Map();
  /** In the order in which they began: `planResource`, `applyWorkloads StatefulSet.apps/t1-a`. */
  readonly calls: string[] = [];
  readonly statuses: ResourceStatus[] = [];
  readonly news: string[] = [];
  readonly refused: Map<ObjectKey, string> = new Map();
  /** Resources of others that are not ready, and why. */
  readonly unready: Map<ObjectKey, string> = new Map();
  /** What an activity throws, asked anew at each call. */
  readonly failures: Map<keyof Activities, () => Error | undefined> = new Map();
  /** Runs while an activity does, before it answers. */
  readonly during: Map<keyof Activities, () => Promise<void> | void> = new Map();
  gate: GateReply = true;
  readonly reshaping: FakeReshaping = new FakeReshaping(this.objects, (key) => this.vanish(key));
  heals: Heals;
  cleansUp = false;
  /** Nothing that is planned can be kept for a rollback. */
  tooLarge = false;
  /** What a plan becomes on its way. */
  distort: (answer: PlanAnswer) => PlanAnswer = (answer) => answer;
  /** Activities whose answers leave out everything they were asked for. */
  readonly silent: Set<keyof Activities> = new Set();
  stageDeadlineMs: number | undefined;
  /** On the resource. */
  annotations: Readonly<Record<string, string>> = {};
  readonly #kept = new Map<string, KeptPlan>();
  tell: (hint: Hint) => Promise<void> | void = () => undefined;
  resource: Wanted | undefined;
  #uids = 0;
  readonly #options: FakeOptions;
  #sources: Sources;

  constructor(name: string, { namespace = 'default', ...options }: FakeOptions = {}) {
    this.ref = { group: 'toy.dev', version: 'v1', kind: 'Toy', plural: 'toys', namespace, name };
    this.#options = options;
    this.#sources = sourcesOf(options.operator ?? toyOperator(), this.#kept, () => this.tooLarge);
    this.heals = options.heals ?? 'told';
  }

  /** Another build of the operator takes over. */
  upgradeOperator(operator: Operator<ToySpec>): void {
    this.#sources = sourcesOf(operator, this.#kept, () => this.tooLarge);
  }

  /** As `kubectl annotate` does; an empty text takes the annotation away. */
  async annotate(annotations: Readonly<Record<string, string>>, uid = this.resource?.uid): Promise<void> {
    if (this.resource?.uid !== uid) return;
    const all = Object.entries({ ...this.annotations, ...annotations });
    this.annotations = Object.fromEntries(all.filter(([, value]) => value !== ''));
    await this.tellResource();
  }

  /** `StatefulSet.apps/<resource>-<node>`. */
  workload(node: string): ObjectKey {
    return `StatefulSet.apps/${this.ref.name}-${node}`;
  }

  get status(): ResourceStatus | undefined {
    return this.statuses.at(-1);
  }

  condition(type: string): Condition | undefined {
    return this.status?.conditions.find((condition) => condition.type === type);
  }

  /** Creates the resource or changes its spec, and tells. */
  async want(spec: ToySpec): Promise<void> {
    const { generation = 0, uid = `uid-of-${this.ref.name}-${this.#uids++}` } = this.resource ?? {};
    this.resource = { spec, uid, generation: generation + 1, held: true };
    await this.tellResource();
  }

  /** Asks for its deletion, as kubectl does. */
  async delete(): Promise<void> {
    if (this.resource)
      this.resource = { ...this.resource, generation: this.resource.generation + 1, deleting: true };
    await this.tellResource();
  }

  async tellResource(): Promise<void> {
    const { uid = '', generation = 0 } = this.resource ?? {};
    await this.tell({ resource: { uid, generation, resourceVersion: `${generation}` } });
  }

  /** Sets the health of an object, and tells. */
  async become(key: ObjectKey, health: FakeObject['health']): Promise<void> {
    this.#change(key, { health });
    await this.tell({ objects: [key] });
  }

  /** Somebody changes a field of ours, without anybody being told. */
  edit(key: ObjectKey): void {
    this.#change(key, { fields: 'fewer', generation: (this.objects.get(key)?.generation ?? 0) + 1 });
  }

  /** Somebody deletes every ControllerRevision. */
  loseRevisions(): void {
    this.#kept.clear();
  }

  async vanish(key: ObjectKey): Promise<void> {
    this.objects.delete(key);
    await this.tell({ objects: [key] });
  }

  activities(): Activities {
    const apply =
      (name: keyof Activities) =>
      (planned: PlanRef, items: readonly ApplyItem[]): Promise<readonly ApplyResult[]> =>
        this.#call(name, keysOf(items), () => this.#apply(name, planned, items));
    return {
      planResource: (request) =>
        this.#call('planResource', [], async () => this.distort(await this.#plan(request))),
      observeObjects: (_, sought) =>
        this.#call('observeObjects', keysOf(sought), () => sought.map(({ key }) => this.#see(key))),
      applyConfigMaps: apply('applyConfigMaps'),
      applyStorage: apply('applyStorage'),
      applyServices: apply('applyServices'),
      applyNetworkPolicies: apply('applyNetworkPolicies'),
      applyObjects: apply('applyObjects'),
      applyWorkloads: apply('applyWorkloads'),
      claimExternals: (_, all) => this.#call('claimExternals', keysOf(all), () => keysOf(all).map(claimed)),
      applyExternals: apply('applyExternals'),
      observeExternals: (_, keys) =>
        this.#call('observeExternals', keys, () => keys.map((key) => this.#see(key))),
      removeExternals: (_, items) =>
        this.#call('removeExternals', keysOf(items), () => items.map((item) => this.#takeAway(item))),
      ...this.reshaping.activities((name, subjects, body) => this.#call(name, subjects, body)),
      pruneObjects: (_, items) =>
        this.#call('pruneObjects', keysOf(items), () => items.map((item) => this.#remove(item))),
      checkGate: (_, key) => this.#call('checkGate', [key], () => this.gate),
      runHook: (_, key, { when }) => this.#call('runHook', [when, key], () => undefined),
      runRoutine: () => Promise.reject(new Error('the toy has no routine')),
      cleanUp: () => this.#call('cleanUp', [], () => undefined),
      patchStatus: (report) => this.#call('patchStatus', [], () => this.#report(report)),
      removeFinalizer: (_, uid) => this.#call('removeFinalizer', [], () => this.#letGo(uid)),
      abandonResource: (_, uid) => this.#call('abandonResource', [], () => this.#letGo(uid)),
      annotateResource: (_, uid, edit, now) =>
        this.#call('annotateResource', [], () => this.annotate(changeBy(edit, this.annotations, now), uid)),
      revertObjects: (_, items) =>
        this.#call('revertObjects', keysOf(items), () =>
          items.map(({ key, template = '' }) => ({
            ...this.#put({ key, digest: `of ${template}`, cause: 'drift' }, template),
            digest: `of ${template}`,
            template,
          })),
        ),
    };
  }

  async #call<Answer>(
    name: keyof Activities,
    subjects: readonly string[],
    body: () => Answer | Promise<Answer>,
  ): Promise<Answer> {
    this.calls.push([name, ...subjects].join(' '));
    await this.during.get(name)?.();
    const failure = this.failures.get(name)?.();
    if (failure) throw failure;
    return body();
  }

  async #plan({ known, inventory, memory, now }: PlanRequest): Promise<PlanAnswer> {
    const { resource } = this;
    if (!resource) return { kind: 'gone' };
    const { uid, generation, held, deleting } = resource;
    const manifest = this.#manifest(resource);
    let chosen: Chosen;
    try {
      chosen = await choosePlan(this.#sources, manifest, memory, { now, contents: {} });
    } catch (error) {
      if (!(error instanceof InvalidResource)) throw error;
      return { kind: 'failed', uid, generation, reason: 'PlanInvalid', message: error.message };
    }
    if (deleting) {
      const refs = Array.from(chosen.newest.objects.values(), ({ ref }) => ref);
      const places = Object.fromEntries(refs.map(({ key, stage }) => [key, stage ?? 0]));
      const { abandon } = ordersIn(manifest);
      const order = abandon ? { abandon } : {};
      const { cleansUp: cleanUp } = this;
      return {
        kind: 'deleting',
        uid,
        generation,
        held,
        orphan: false,
        foreground: false,
        cleanUp,
        places,
        ...order,
      };
    }
    const delta = deltaOf({ uid, generation }, chosen, known?.uid === uid ? inventory : {});
    const references = this.#references(delta.changed);
    if (known?.uid === uid && known.generation === generation && known.version === chosen.view.version)
      return { kind: 'unchanged', references };
    const isNews = delta.changed.length + delta.removed.length > 0;
    if (!this.tooLarge) this.#kept.set(revisionName(manifest, chosen.newest.digest), chosen.newest);
    const accepted = acceptGeneration(this.status, generation, rfc3339(Date.now()));
    return {
      kind: 'planned',
      ...delta,
      stageDeadlineMs: this.stageDeadlineMs ?? delta.stageDeadlineMs,
      ...(isNews ? { accepted: accepted.conditions } : {}),
      references,
    };
  }

  #references(changed: readonly PlannedRef[]): Readonly<Record<ObjectKey, SeenReference>> {
    const required = changed.flatMap(({ requires = [] }) => requires);
    const unready = Array.from(this.unready).filter(([key]) => required.includes(key));
    return Object.fromEntries(
      unready.map(([key, message]) => [
        key,
        { seen: 'InProgress', trouble: { reason: 'DependencyNotReady', message } },
      ]),
    );
  }

  #manifest({ spec, uid, generation }: Wanted): Manifest {
    const { name, namespace = 'default' } = this.ref;
    const annotations = { ...this.annotations };
    return {
      apiVersion: 'toy.dev/v1',
      kind: 'Toy',
      metadata: { name, namespace, uid, generation, annotations },
      spec,
    };
  }

  #letGo(uid: string): undefined {
    if (this.resource?.uid === uid) this.resource = undefined;
  }

  async #apply(name: keyof Activities, plan: PlanRef, items: readonly ApplyItem[]): Promise<ApplyResult[]> {
    const { resource } = this;
    if (resource?.uid !== plan.uid || resource.generation !== plan.generation)
      throw stop('PlanStale', 'the resource is another');
    const rendered = await this.#sources.renderer.render(this.#manifest(resource), {
      contents: {},
      restarts: plan.restarts ?? {},
    });
    const { objects } = (plan.revision && this.#kept.get(plan.revision)) || rendered;
    const results = items.map((item): ApplyResult => {
      const { key, digest: planned } = item;
      const ref = objects.get(key)?.ref;
      if (ref?.digest !== planned) throw stop('PlanStale', `${key} is built otherwise`);
      const message = this.refused.get(key);
      if (message) return { key, applied: false, reason: 'Invalid', message };
      return this.#put(item, ref.template ?? '');
    });
    return this.silent.has(name) ? [] : results;
  }

  #put({ key, digest: planned, ...order }: ApplyItem, wanted: string): ApplyResult {
    const known = this.objects.get(key);
    const template = (order.scaleOnly ? known?.template : wanted) ?? '';
    const { owned: _, ...before } = known?.scale ?? { replicas: 1 };
    const { replicas = before.replicas } = order;
    const owned = order.replicas !== undefined && !order.scaleOnly;
    const rolls = isWorkload(key) && (known?.template !== template || before.replicas !== replicas);
    const { heals } = this;
    const live: FakeObject = {
      uid: known?.uid ?? `uid-${this.#uids++}`,
      generation: (known?.generation ?? 0) + 1,
      digest: planned,
      template,
      fields: 'all',
      health: rolls && heals !== 'at once' ? 'InProgress' : (known?.health ?? 'Current'),
      ...(isWorkload(key) ? { scale: { ...before, replicas, owned } } : {}),
    };
    this.objects.set(key, live);
    if (rolls && heals === 'told') setImmediate(() => void this.become(key, 'Current'));
    const { health, template: _template, digest: _digest, ...told } = live;
    const scaledOnly = order.scaleOnly ? { scaledOnly: true as const } : {};
    return { key, applied: true, created: !known, ...told, ...scaledOnly, health: HEALTH[health] };
  }

  #see(key: ObjectKey): Observation {
    const live = this.objects.get(key);
    if (!live) return { key, exists: false };
    const { health, template: _template, digest: _digest, ...told } = live;
    return { key, exists: true, ...told, health: HEALTH[health] };
  }

  #remove({ key, uid, retain }: PruneItem): Removal {
    const live = this.objects.get(key);
    if (!live || (uid !== '' && live.uid !== uid)) return { key, outcome: 'gone' };
    if (retain) return { key, outcome: 'retained' };
    if (this.#options.lingers && isWorkload(key)) this.#change(key, { deleting: true });
    else setImmediate(() => void this.vanish(key));
    return { key, outcome: 'removed', uid: live.uid };
  }

  /** What lives behind an API is gone at once, or its server says why not. */
  #takeAway({ key, retain }: PruneItem): Removal {
    const message = this.refused.get(key);
    if (message) return { key, outcome: 'refused', reason: 'Unreachable', message };
    if (!retain) this.objects.delete(key);
    return { key, outcome: retain ? 'retained' : 'gone' };
  }

  #report({ status, news }: StatusReport): Written {
    this.statuses.push(status);
    this.news.push(...news.map(({ reason, note }) => `${reason}: ${note}`));
    return { inMs: 0 };
  }

  #change(key: ObjectKey, change: Partial<FakeObject>): void {
    const live = this.objects.get(key);
    if (live) this.objects.set(key, { ...live, ...change });
  }
}
