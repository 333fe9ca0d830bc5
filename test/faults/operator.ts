/** The operator under fault, as the program loads it: with a hook that hangs while a file is there, and an object of a kind that comes and goes. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HookContext, Operator } from '../../index.ts';
import { object } from '../../index.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import { toyOperator } from '../support/toy-operator.ts';

/** While this file is there, every hook of the namespace hangs, and hears no signal. */
export function hangingFile(namespace: string): string {
  return path.join(tmpdir(), `durable-operator-${namespace}.hang`);
}

async function hangOnDemand({ resource }: HookContext): Promise<void> {
  while (existsSync(hangingFile(resource.metadata.namespace ?? ''))) await delay(100);
}

const toys = toyOperator({ before: hangOnDemand });

export const underFault: Operator<ToySpec> = {
  ...toys,
  desired: (resource, named) => [
    ...toys.desired(resource, named),
    object({
      apiVersion: 'toy.dev/v1',
      kind: 'Gadget',
      metadata: { name: named('gadget') },
      spec: { nodes: resource.spec.nodes.length },
    }),
  ],
};
