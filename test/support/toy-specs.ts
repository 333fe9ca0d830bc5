import type { ToySpec } from './toy-operator.ts';

const ROLES = ['controller', 'broker', 'server', 'minion'];

/** One node of each role, named after it. */
export const FOUR_ROLES: ToySpec = {
  order: ROLES,
  nodes: ROLES.map((role) => ({ name: role, role, config: '1' })),
};

/** The same with another configuration, of all nodes or of one: their pods restart. */
export function configured(spec: ToySpec, config: string, role?: string): ToySpec {
  return {
    ...spec,
    nodes: spec.nodes.map((node) => (role === undefined || node.role === role ? { ...node, config } : node)),
  };
}
