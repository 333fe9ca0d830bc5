/** Kinds of one test: a ConfigMap, and knobs of kinds that come, go, and cannot be read. */
import type { Manifest } from '../../core/manifest.ts';
import type { ObjectRef } from '../../core/refs.ts';
import { configMap, customResource, defineOperator, object } from '../../index.ts';
import type { ResourceDefinition } from '../../index.ts';
import type { Rule } from './service-account.ts';
import { ALL_RIGHTS } from './service-account.ts';
import type { ToySpec } from './toy-operator.ts';
import { ToyStage } from './toy-stage.ts';

export interface KnobSpec extends ToySpec {
  readonly value: string;
  /** Kinds of the group `toy.dev`, one object each. */
  readonly knobs: readonly string[];
}

/** The spec of a resource that wants one knob of each kind. */
export function wanting(value: string, ...knobs: readonly string[]): KnobSpec {
  return { order: [], nodes: [], value, knobs };
}

/** The one knob of a kind that no other test has. */
export async function knobOf({ api }: ToyStage, kind: string): Promise<Manifest | undefined> {
  const { items } = await api.list({ group: 'toy.dev', kind });
  return items[0];
}

/** As the API is asked for it. */
export function refOfKnob({ kind, metadata: { namespace, name } }: Manifest): ObjectRef {
  return { group: 'toy.dev', kind, ...(namespace ? { namespace } : {}), name };
}

export async function openKnobs(): Promise<ToyStage> {
  return ToyStage.open((name) => {
    const namespace = name.replace(/^op-/, '');
    const definition: ResourceDefinition<KnobSpec> = customResource<KnobSpec>('toy.dev/v1', 'Toy');
    return defineOperator(definition, {
      name,
      desired: ({ spec }, named) => [
        configMap(named('config'), { data: { value: spec.value } }),
        ...spec.knobs.map((kind) =>
          object({ apiVersion: 'toy.dev/v1', kind, metadata: { name: named(namespace) }, spec: { turn: 1 } }),
        ),
      ],
    });
  });
}

/** A kind that no other test has. */
export function knobKind({ namespace }: ToyStage, word: string): string {
  return `${word}${namespace.replaceAll(/[^a-z0-9]/g, '')}`;
}

/** What the operator needs, with these verbs for a kind. */
export function rightsFor(kind: string, ...verbs: readonly string[]): readonly Rule[] {
  return [...ALL_RIGHTS, { apiGroups: ['toy.dev'], resources: [`${kind.toLowerCase()}s`], verbs }];
}
