import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

/** A family of metrics, read from what it is about. */
export interface Family<Source> {
  readonly name: string;
  readonly help: string;
  /** Beside those of the source. */
  readonly labels?: readonly string[];
  /** It counts, and never falls while the process lives. */
  readonly grows?: true;
  readonly samples: (source: Source) => readonly Sample[];
}

/** @param read what the families are about as it is now, each with labels of its own. */
export function registerFamilies<Source>(
  registry: Registry,
  families: readonly Family<Source>[],
  labels: readonly string[],
  read: () => readonly (readonly [labels: Labels, source: Source])[],
): void {
  for (const { name, help, labels: own = [], samples, grows } of families) {
    const all = (): Sample[] =>
      read().flatMap(([common, source]) =>
        samples(source).map(([more, value]): Sample => [{ ...common, ...more }, value]),
      );
    const labelNames = [...labels, ...own];
    const configuration = { name: `durable_operator_${name}`, help, labelNames, registers: [registry] };
    if (grows)
      new Counter({
        ...configuration,
        collect() {
          this.reset();
          for (const [each, value] of all()) this.inc(each, value);
        },
      });
    else
      new Gauge({
        ...configuration,
        collect() {
          this.reset();
          for (const [each, value] of all()) this.set(each, value);
        },
      });
  }
}
