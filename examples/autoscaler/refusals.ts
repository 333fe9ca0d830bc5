import ms from 'ms';
import type { InvalidCause } from 'durable-operator';
import type { AutoscalerSpec, Entry } from './autoscaler.ts';
import { DEFAULT_INTERVAL } from './autoscaler.ts';
import { coolDownOf } from './decide.ts';

/** Everything that keeps `spec` from being followed, all at once. */
export function causesAgainst(spec: AutoscalerSpec): readonly InvalidCause[] {
  const { autoscaling, external, interval = DEFAULT_INTERVAL } = spec;
  const queried = autoscaling.some(({ spec: { query } }) => query);
  const url = external?.spec.url ?? '';
  return [
    ...(queried && !/^https?:\/\/[^/]/.test(url)
      ? [
          cause(
            'spec.external.spec.url',
            `is "${url}"; write the address of a Prometheus, such as http://host:9090`,
          ),
        ]
      : []),
    ...((ms(interval as ms.StringValue) ?? 0) >= 1_000
      ? []
      : [cause('spec.interval', `is "${interval}"; write a duration of at least "1 second"`)]),
    ...autoscaling.flatMap((entry, index) => causesAgainstEntry(entry, index, autoscaling)),
  ];
}

function causesAgainstEntry(
  { name, spec }: Entry,
  index: number,
  all: readonly Entry[],
): readonly InvalidCause[] {
  const field = `spec.autoscaling[${index}]`;
  const { minReplica, maxReplica, threshold, coolDown, query, resource } = spec;
  return [
    ...(all.findIndex((other) => other.name === name) === index
      ? []
      : [cause(`${field}.name`, `"${name}" has an entry already; keep one of the two`)]),
    ...(minReplica >= 1 ? [] : [cause(`${field}.spec.minReplica`, `is ${minReplica}; use 1 or more`)]),
    ...(maxReplica >= minReplica
      ? []
      : [cause(`${field}.spec.maxReplica`, `is ${maxReplica}; use minReplica ${minReplica} or more`)]),
    ...(threshold > 0 ? [] : [cause(`${field}.spec.threshold`, `is ${threshold}; use more than 0`)]),
    ...(coolDownOf(spec) >= 0
      ? []
      : [cause(`${field}.spec.coolDown`, `is "${coolDown}"; write seconds, or a duration such as "5m"`)]),
    ...(Boolean(query) === Boolean(resource)
      ? [cause(`${field}.spec`, 'needs either a query or a resource (cpu, memory)')]
      : []),
  ];
}

function cause(field: string, message: string): InvalidCause {
  return { field, message };
}
