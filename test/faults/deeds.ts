/** What the API server's own log of a run is held to: nothing wanted was deleted, no pod was replaced more often than asked. */
import type { Deed } from './audit-log.ts';
import { deedsIn } from './audit-log.ts';
import type { FaultWorld } from './fault-world.ts';
import { underFault } from './operator.ts';
import type { Owners } from './owners.ts';
import { wantedNames } from './verdict.ts';

const OURS = 'durable-operator';
const CONTROLLERS = 'kube-controller-manager';
const OWNED: readonly string[] = ['configmaps', 'services', 'statefulsets'];

export interface Judgement {
  /** Of the program to StatefulSets that were there. */
  readonly applies: number;
  /** Those that changed nothing. */
  readonly duplicates: readonly Deed[];
  /** What broke a law, in words. */
  readonly broken: readonly string[];
}

export async function judgeDeeds(
  { api, sandbox, namespace }: FaultWorld,
  owners: Owners,
): Promise<Judgement> {
  const judge = new Judge(owners, await wantedNames(api, underFault, namespace));
  if (sandbox.auditLog === undefined) throw new Error('the sandbox writes an audit log');
  for await (const deed of deedsIn(sandbox.auditLog, namespace))
    if (deed.code < 300 && !deed.isTrial) judge.take(deed);
  return judge.judgement;
}

class Judge {
  readonly #owners: Owners;
  readonly #wanted: ReadonlySet<string>;
  readonly #broken: string[] = [];
  readonly #duplicates: Deed[] = [];
  /** How often the first pod of a workload was made. */
  readonly #made = new Map<string, number>();
  /** Every write has a version of its own; an answer with one that was answered before tells that nothing was written. */
  readonly #versions = new Set<string>();
  #applies = 0;

  constructor(owners: Owners, wanted: ReadonlySet<string>) {
    this.#owners = owners;
    this.#wanted = wanted;
  }

  get judgement(): Judgement {
    const replacedTooOften = Array.from(this.#made).flatMap(([workload, count]) => {
      const asked = this.#owners.restartsAsked(workload);
      return asked !== undefined && count > asked + 1
        ? [`pod ${workload}-0 was made ${count} times, and ${asked} changes asked for another one`]
        : [];
    });
    const nothing = this.#applies === 0 ? ['the audit log tells of no apply: nothing was judged'] : [];
    const broken = [...this.#broken, ...replacedTooOften, ...nothing];
    return { applies: this.#applies, duplicates: this.#duplicates, broken };
  }

  take(deed: Deed): void {
    const { verb, by, resource, subresource, name } = deed;
    if (resource === 'statefulsets') this.#takeWrite(deed);
    if (subresource !== '') return;
    if (verb === 'delete' && by === OURS && OWNED.includes(resource) && this.#isWanted(resource, name))
      this.#broken.push(`${resource}/${name} was deleted, and it was wanted`);
    // Its deletion tells less: a controller whose eyes are behind asks for it twice.
    const isMade = verb === 'create' && by === CONTROLLERS && resource === 'pods';
    const [, workload] = isMade ? (/^(.*)-0$/.exec(name) ?? []) : [];
    if (workload) this.#made.set(workload, (this.#made.get(workload) ?? 0) + 1);
  }

  #takeWrite(deed: Deed): void {
    const { verb, by, subresource, code, resourceVersion = '' } = deed;
    const wroteNothing = this.#versions.has(resourceVersion);
    this.#versions.add(resourceVersion);
    // 201 is a creation, and no duplicate can be one.
    if (by !== OURS || subresource !== '' || verb !== 'patch' || code !== 200) return;
    this.#applies++;
    if (wroteNothing) this.#duplicates.push(deed);
  }

  /** No version of a ConfigMap comes back, so one that is wanted now was wanted ever since it was made. */
  #isWanted(resource: string, name: string): boolean {
    return resource === 'configmaps' ? this.#wanted.has(name) : !this.#owners.isUnwanted(name);
  }
}
