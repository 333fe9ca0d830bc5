/** People who use the resources: what they want changes, and now and then somebody lays hands on an object. */
import type { ObjectRef } from '../../core/refs.ts';
import type { ToyNode, ToySpec } from '../support/toy-operator.ts';
import type { FaultWorld } from './fault-world.ts';
import { ORDER } from './fault-world.ts';
import type { Chance } from './random.ts';

/** What a node was asked to become, for the count of its restarts. */
interface Asked {
  /** Changes that need its pods replaced. */
  templates: number;
}

export class Owners {
  readonly #world: FaultWorld;
  readonly #chance: Chance;
  readonly #specs = new Map<string, ToySpec>();
  readonly #asked = new Map<string, Asked>();
  /** Workloads and Services that somebody ceased to want; no name comes back. */
  readonly #unwanted = new Set<string>();
  #serial = 0;
  changes = 0;
  edits = 0;

  constructor(world: FaultWorld, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
  }

  /** How often the pods of a StatefulSet had to be replaced, at most; undefined for one that is not wanted. */
  restartsAsked(statefulSet: string): number | undefined {
    return this.#asked.get(statefulSet)?.templates;
  }

  isUnwanted(object: string): boolean {
    return this.#unwanted.has(object);
  }

  /** The name of a resource. */
  get first(): string {
    const [name] = this.#specs.keys();
    if (name === undefined) throw new Error('nothing was begun');
    return name;
  }

  async begin(resources: number): Promise<void> {
    for (let index = 0; index < resources; index++) {
      const nodes = ORDER.slice(0, this.#chance.between(2, 3)).map((role) => this.#node(role));
      await this.#want(`r${index}`, { order: ORDER, nodes });
    }
  }

  /** Somebody changes the spec of some resource. */
  async change(): Promise<void> {
    const name = this.#chance.oneOf([...this.#specs.keys()]);
    const spec = this.#specs.get(name) ?? { order: ORDER, nodes: [] };
    this.changes++;
    await this.#want(name, { ...spec, nodes: this.#changed(spec.nodes) });
  }

  /** Somebody gives every node of a resource another configuration and another image. */
  async upgrade(name: string): Promise<void> {
    const { order, nodes } = this.#specs.get(name) ?? { order: ORDER, nodes: [] };
    this.changes++;
    const config = `config-${++this.#serial}`;
    await this.#want(name, {
      order,
      nodes: nodes.map((node) => ({ ...node, config, image: this.#image() })),
    });
  }

  /** Somebody deletes an object of a resource by hand, or writes something else into it. */
  async edit(): Promise<void> {
    const name = this.#chance.oneOf([...this.#specs.keys()]);
    const node = this.#chance.oneOf(this.#specs.get(name)?.nodes ?? []);
    const { api, namespace, persist } = this.#world;
    const peers = { group: '', kind: 'Service', namespace, name: `${name}-${node.name}` };
    this.edits++;
    if (this.#chance.is(0.5))
      return this.#remove(this.#chance.is(0.5) ? peers : await this.#configOf(`${name}-${node.name}`));
    const manifest = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: peers.name, namespace },
      spec: { selector: { changed: 'by-hand' } },
    };
    await persist('a hand edits', async () => {
      if (await api.get(peers)) await api.apply(manifest, { fieldManager: 'somebody' });
    });
  }

  /** Some version of the configuration of a node. */
  #configOf(node: string): Promise<ObjectRef> {
    const { api, namespace, persist } = this.#world;
    const kind = { group: '', kind: 'ConfigMap' };
    return persist('a hand chooses', async () => {
      const { items } = await api.list(kind, { namespace, metadataOnly: true });
      const found = items.find(({ metadata }) => metadata.name.startsWith(`${node}-config`));
      return { ...kind, namespace, name: found?.metadata.name ?? `${node}-config` };
    });
  }

  async #remove(ref: ObjectRef): Promise<void> {
    const { api, persist } = this.#world;
    await persist('a hand deletes', async () => {
      const uid = (await api.get(ref))?.metadata.uid;
      if (uid) await api.remove(ref, { uid });
    });
  }

  #changed(nodes: readonly ToyNode[]): readonly ToyNode[] {
    const chosen = this.#chance.oneOf(nodes);
    const alter = (which: (node: ToyNode) => boolean, how: Partial<ToyNode>): readonly ToyNode[] =>
      nodes.map((node) => (which(node) ? { ...node, ...how } : node));
    switch (this.#chance.between(0, 5)) {
      case 0:
        return alter(() => true, { config: `config-${++this.#serial}` });
      case 1:
        return alter((node) => node === chosen, { config: `config-${++this.#serial}` });
      case 2:
        return alter(() => true, { image: this.#image() });
      case 3:
        return alter((node) => node === chosen, { replicas: (chosen.replicas ?? 1) % 2 === 1 ? 2 : 1 });
      case 4:
        return [...nodes, this.#node(this.#chance.oneOf(ORDER))];
      default:
        return nodes.length > 2
          ? nodes.filter((node) => node !== chosen)
          : alter(() => true, { image: this.#image() });
    }
  }

  #node(role: string): ToyNode {
    return { name: `n${++this.#serial}`, role, config: `config-${this.#serial}`, image: this.#image() };
  }

  /** A pod that takes a moment, so that a rollout has a middle in which something can happen. */
  #image(): string {
    return `example.org/toy:v${++this.#serial}-slow-${this.#chance.between(50, 600)}`;
  }

  async #want(name: string, spec: ToySpec): Promise<void> {
    this.#note(name, this.#specs.get(name)?.nodes ?? [], spec.nodes);
    this.#specs.set(name, spec);
    const { api, namespace, persist } = this.#world;
    const manifest = { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata: { name, namespace }, spec };
    await persist(`${name} is wanted otherwise`, () => api.apply(manifest, { fieldManager: 'somebody' }));
  }

  #note(name: string, before: readonly ToyNode[], after: readonly ToyNode[]): void {
    for (const node of before) {
      const next = after.find((each) => each.name === node.name);
      const workload = `${name}-${node.name}`;
      if (!next) {
        this.#asked.delete(workload);
        this.#unwanted.add(workload);
      } else if (next.config !== node.config || next.image !== node.image) {
        const asked = this.#asked.get(workload);
        if (asked) asked.templates++;
      }
    }
    for (const node of after)
      if (!this.#asked.has(`${name}-${node.name}`)) this.#asked.set(`${name}-${node.name}`, { templates: 0 });
  }
}
