import { setTimeout as sleep } from 'node:timers/promises';
import { BEHAVIOURS, behaviourOf, type Behaviour } from './behaviour.ts';
import { STRATEGIC_MERGE, type ClusterApi } from './cluster-api.ts';
import type { Pod } from './pod.ts';
import { findMissing } from './pod-references.ts';
import { podStatus, type PodState } from './pod-status.ts';

export interface PodActorOptions {
  readonly api: ClusterApi;
  readonly podIP: string;
  readonly signal: AbortSignal;
  onTrouble(error: unknown): void;
}

const REFERENCE_POLL_MS = 300;
const RETRY_MS = 300;
const JOB_MS = 200;
/** When a crashing container is started again, after the one before. Afterwards it stays in its back-off. */
const RESTARTS_AFTER_MS: readonly number[] = [0, 500, 1_000, 2_000, 4_000];

/** Plays one pod. A change of what it is told to do ends what it does and begins anew. */
export class PodActor {
  readonly #options: PodActorOptions;
  readonly #startTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  #pod: Pod | undefined;
  #doing = '';
  #role = new AbortController();

  constructor(options: PodActorOptions) {
    this.#options = options;
  }

  /** The pod as it is now. */
  see(pod: Pod): void {
    this.#pod = pod;
    const behaviour = behaviourOf({
      annotations: pod.metadata.annotations,
      images: pod.spec.containers.map(({ image }) => image),
    });
    const deleting = pod.metadata.deletionTimestamp !== undefined;
    const gates = (pod.spec.readinessGates ?? []).map(
      (gate) => pod.status?.conditions?.find(({ type }) => type === gate.conditionType)?.status,
    );
    const todo = JSON.stringify([behaviour, deleting, gates]);
    if (todo === this.#doing) return;
    this.#doing = todo;
    this.stop();
    this.#role = new AbortController();
    void this.#play(behaviour, deleting, this.#role.signal);
  }

  stop(): void {
    this.#role.abort();
  }

  async #play(behaviour: Behaviour, deleting: boolean, role: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([role, this.#options.signal]);
    while (!signal.aborted) {
      try {
        if (deleting) await this.#terminate(behaviour, signal);
        else await this.#run(behaviour, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onTrouble(error);
        await sleep(RETRY_MS);
      }
    }
  }

  async #run({ name, delayMs }: Behaviour, signal: AbortSignal): Promise<void> {
    await this.#references(signal);
    switch (name) {
      case BEHAVIOURS.slow:
        await this.#report({ state: 'running', ready: false }, signal);
        await sleep(delayMs, undefined, { signal });
        return this.#ready(signal);
      case BEHAVIOURS.neverReady:
        return this.#report({ state: 'running', ready: false }, signal);
      case BEHAVIOURS.crash:
        return this.#crash('Error', signal);
      case BEHAVIOURS.oom:
        return this.#crash('OOMKilled', signal);
      case BEHAVIOURS.pullError:
        return this.#wait('ImagePullBackOff', 'Back-off pulling image', signal);
      case BEHAVIOURS.configError:
        return this.#wait('CreateContainerConfigError', 'the container asks for what is not there', signal);
      case BEHAVIOURS.unschedulable:
      case BEHAVIOURS.neverTerminate:
      case BEHAVIOURS.run:
        return this.#ready(signal);
    }
  }

  async #ready(signal: AbortSignal): Promise<void> {
    await this.#report({ state: 'running', ready: true }, signal);
    if (!this.#pod?.metadata.ownerReferences?.some(({ kind }) => kind === 'Job')) return;
    await sleep(JOB_MS, undefined, { signal });
    await this.#report({ state: 'done', succeeded: true }, signal);
  }

  async #crash(reason: 'Error' | 'OOMKilled', signal: AbortSignal): Promise<void> {
    if (this.#pod?.spec.restartPolicy === 'Never') {
      return this.#report({ state: 'done', succeeded: false }, signal);
    }
    for (const [index, afterMs] of RESTARTS_AFTER_MS.entries()) {
      await sleep(afterMs, undefined, { signal });
      await this.#report({ state: 'crashing', reason, restarts: index + 1 }, signal);
    }
  }

  #wait(reason: string, message: string, signal: AbortSignal): Promise<void> {
    return this.#report({ state: 'waiting', reason, message }, signal);
  }

  /** A pod does not start before what it refers to exists. */
  async #references(signal: AbortSignal): Promise<void> {
    let told = '';
    for (;;) {
      if (this.#pod === undefined) return;
      const missing = await findMissing(this.#options.api, this.#pod, signal);
      if (missing === undefined) return;
      const { reason, message } = missing;
      if (told !== message) await this.#wait(reason, message, signal);
      told = message;
      await sleep(REFERENCE_POLL_MS, undefined, { signal });
    }
  }

  async #report(state: PodState, signal: AbortSignal): Promise<void> {
    const pod = this.#pod;
    if (pod === undefined) return;
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const { podIP } = this.#options;
    const status = podStatus(pod, state, { now, startTime: this.#startTime, podIP });
    const call = {
      method: 'PATCH',
      path: `${pathOf(pod)}/status`,
      body: { metadata: { uid: pod.metadata.uid }, status },
      contentType: STRATEGIC_MERGE,
      signal,
    } as const;
    // Gone, or another pod of the same name: the watch tells.
    await this.#options.api.expect(call, 404, 409);
  }

  /** The uid keeps a pod that came back under the same name from being removed in its predecessor's place. */
  async #terminate({ name }: Behaviour, signal: AbortSignal): Promise<void> {
    const pod = this.#pod;
    if (pod === undefined || name === BEHAVIOURS.neverTerminate) return;
    const { uid } = pod.metadata;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      preconditions: { uid },
    };
    await this.#options.api.expect({ method: 'DELETE', path: pathOf(pod), body, signal }, 404, 409);
  }
}

function pathOf({ metadata }: Pod): string {
  return `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
}
