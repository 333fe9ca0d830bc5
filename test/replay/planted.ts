/** An operator with a Secret, and words that must stay where they are put: no history may hold one of them. */
import type { Operator } from '../../index.ts';
import { customResource, defineOperator, secret } from '../../index.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import { toyOperator } from '../support/toy-operator.ts';

const PASSWORD = Buffer.from('planted-password-of-a-secret').toString('base64');
const CONFIGURATION = 'planted-line-of-a-config-map';
const IMAGE = 'planted.example.org/toy';

export const PLANTED: readonly string[] = ['planted-password-of-a-secret', PASSWORD, CONFIGURATION, IMAGE];

export function plantedOperator(name: string): Operator<ToySpec> {
  const toys = toyOperator();
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired: (resource, named) => [
      secret(named('credentials'), { data: { password: PASSWORD } }),
      ...toys.desired(resource, named),
    ],
  });
}

/** Two roles with the planted words; another `version` restarts the pods, `tag` says how they behave. */
export function plantedSpec(version: string, tag: string = '1'): ToySpec {
  const node = { config: `${CONFIGURATION} ${version}`, image: `${IMAGE}:${tag}` };
  return {
    order: ['controller', 'broker'],
    nodes: [
      { name: 'c', role: 'controller', ...node },
      { name: 'b', role: 'broker', ...node },
    ],
  };
}
