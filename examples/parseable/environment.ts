import type { InvalidCause } from 'durable-operator';
import type { ParseableConfig, ParseableSpec } from './parseable.ts';

/** What a container accepts as a variable, and a ConfigMap as a key; then the value. */
const ASSIGNMENT = /^\s*([-._a-zA-Z][-._a-zA-Z0-9]*)\s*=(.*)$/;

/** The variables of a node: its own, and over them those of the object store, which all nodes share. */
export function environment(spec: ParseableSpec, { env }: ParseableConfig): Readonly<Record<string, string>> {
  const shared = linesOf(spec).map(({ text }) => ASSIGNMENT.exec(text) ?? []);
  return { ...env, ...Object.fromEntries(shared.map(([, name = '', value = '']) => [name, value.trim()])) };
}

/** The line is not shown, for it may hold a password. */
export function causesAgainstObjectStore(spec: ParseableSpec): readonly InvalidCause[] {
  return linesOf(spec)
    .filter(({ text }) => !ASSIGNMENT.test(text))
    .map(({ line }) => ({
      field: 'spec.external.objectStore.spec.data',
      message: `line ${line} sets no variable; write NAME=value, NAME of letters, digits, _, - and .`,
    }));
}

/** Empty lines and those that begin with # say nothing. */
function linesOf({ external }: ParseableSpec): readonly { readonly text: string; readonly line: number }[] {
  return (external?.objectStore.spec.data ?? '')
    .split('\n')
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ text }) => !/^\s*(#|$)/.test(text));
}
