/**
 * Autoscaling as a resource and an operator of its own, never inside the one that installs: reading metrics for every node
 * every few seconds must not stand in the way of an upgrade, and an upgrade not in the way of scaling.
 */
import { defineOperator, horizontalPodAutoscaler, InvalidResource } from 'durable-operator';
import type { DesiredObject, Named, Operator } from 'durable-operator';
import type { AutoscalerSpec, AutoscalerState, Entry } from './autoscaler.ts';
import { Autoscaler, DEFAULT_INTERVAL } from './autoscaler.ts';
import { coolDownOf } from './decide.ts';
import { causesAgainst } from './refusals.ts';
import { heldIn, kindOf, queriedIn, release, run } from './routine.ts';

const operator: Operator<AutoscalerSpec> = defineOperator(Autoscaler, {
  desired({ spec }, named) {
    const causes = causesAgainst(spec);
    if (causes.length > 0) throw new InvalidResource(causes);
    if (spec.dryRun) return [];
    return spec.autoscaling
      .filter(({ spec: { enable, resource } }) => enable && resource)
      .map((entry) => autoscalerOfKubernetes(entry, named));
  },
  routine: {
    every({ spec }, last: AutoscalerState | undefined) {
      const isNeeded = queriedIn(spec).length > 0 || heldIn(last).length > 0;
      return isNeeded ? (spec.interval ?? DEFAULT_INTERVAL) : undefined;
    },
    run,
  },
  onDelete: (context) =>
    release(
      context,
      context.resource.spec.autoscaling.map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
    ),
});

export default operator;

/** What Kubernetes measures itself is its own autoscaler's to follow. */
function autoscalerOfKubernetes(entry: Entry, named: Named): DesiredObject {
  const { name, spec } = entry;
  const { minReplica, maxReplica, resource = 'cpu', threshold } = spec;
  // The longest that an HPA knows is an hour.
  const stabilizationWindowSeconds = Math.min(Math.round(coolDownOf(spec) / 1_000), 3_600);
  return horizontalPodAutoscaler(named(name), {
    minReplicas: minReplica,
    maxReplicas: maxReplica,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: kindOf(entry), name },
    metrics: [
      {
        type: 'Resource',
        resource: {
          name: resource,
          target: { type: 'Utilization', averageUtilization: Math.round(threshold) },
        },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds } },
  });
}
