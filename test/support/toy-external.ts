/** An operator whose resources live behind an API: each node is a table there, in the order of the roles. */
import type { Adoption, Operator } from '../../index.ts';
import { customResource, defineOperator, externalKind, inOrder, secret, statefulSet } from '../../index.ts';
import type { ExternalKind } from '../../index.ts';
import type { ToySpec } from './toy-operator.ts';

export interface ToyTable {
  readonly config: string;
}

/** A table that no test reaches: for plans. */
export const Table: ExternalKind<ToyTable> = externalKind<ToyTable>('Table', {
  observe: () => Promise.reject(new Error('a plan reaches no server')),
  create: () => Promise.reject(new Error('a plan reaches no server')),
  update: () => Promise.reject(new Error('a plan reaches no server')),
  remove: () => Promise.reject(new Error('a plan reaches no server')),
});

/** A configuration may say what becomes of a table that is there already: `always a`. */
function adoptionOf(config: string): { readonly adopt?: Adoption } {
  const [adopt] = config.split(' ');
  return adopt === 'always' || adopt === 'never' ? { adopt } : {};
}

/** Nodes with an image run pods, and use the tables before them; the others are tables, and use the one before. */
export function tableOperator(table: ExternalKind<ToyTable> = Table, name = 'tables'): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    externals: [table],
    desired({ spec }, named) {
      const made: ReturnType<typeof table>[] = [
        secret(named('login'), { data: { password: 'aHVudGVyMg==' } }),
      ];
      for (const node of spec.nodes) {
        const options = { role: node.role, uses: made.slice(-1) };
        made.push(
          node.image
            ? statefulSet(
                named(node.name),
                { template: { spec: { containers: [{ name: 'main', image: node.image }] } } },
                options,
              )
            : table(node.name, { config: node.config }, { ...options, ...adoptionOf(node.config) }),
        );
      }
      const [login, ...nodes] = made;
      return [login, spec.order.length > 0 ? inOrder(spec.order, nodes) : nodes].flat();
    },
  });
}
