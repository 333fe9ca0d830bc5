/** What the program has been through, for Prometheus. Read from the parts when it is asked for; nothing is counted twice. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { EventsStatus } from '../activities/index.ts';
import type { BridgeStatus } from '../bridge/bridge.ts';
import type { Reasons, Standing } from '../bridge/standing.ts';
import type { FlowStatus } from '../kubernetes/flow-control.ts';
import type { Family, Labels, Sample } from './families.ts';
import { registerFamilies } from './families.ts';
import { FLOW } from './flow-metrics.ts';

/** A bridge and the operator it is of. */
export interface Metered {
  readonly operator: string;
  readonly bridge: BridgeStatus;
  /** Absent where another bridge leads. */
  readonly standing: Standing | undefined;
}

/** What a worker counts of its operator. */
export interface Worked {
  readonly operator: string;
  /** How often a resource might not be read, by namespace. */
  readonly refusedReads: ReadonlyMap<string, number>;
  readonly events: EventsStatus;
}

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

/**
 * @param read the bridges of the process, as they are now.
 * @param work what the workers of the process counted.
 * @param flow what the process asks of its API server; undefined before it has a client.
 */
export function createMetrics(
  read: () => readonly Metered[],
  flow: () => FlowStatus | undefined = () => undefined,
  work: () => readonly Worked[] = () => [],
): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerFamilies(registry, [...BRIDGE, ...WATCHES, ...STANDING], ['operator'], () =>
    read().map((metered) => [{ operator: metered.operator }, metered] as const),
  );
  registerFamilies(registry, WORK, ['operator'], () =>
    work().map((worked) => [{ operator: worked.operator }, worked] as const),
  );
  registerFamilies(registry, FLOW, [], () => [flow()].flatMap((now) => (now ? [[{}, now] as const] : [])));
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

const WORK: readonly Family<Worked>[] = [
  {
    name: 'refused_reads_total',
    help: 'How often the API server refused to show a resource that is to be reconciled.',
    labels: ['namespace'],
    grows: true,
    samples: ({ refusedReads }) =>
      Array.from(refusedReads, ([namespace, count]): Sample => [{ namespace }, count]),
  },
  {
    name: 'events_waiting',
    help: 'Kubernetes events that wait to be written.',
    samples: ({ events: { waiting } }) => [[{}, waiting]],
  },
  {
    name: 'events_written_total',
    help: 'Kubernetes events that were written.',
    grows: true,
    samples: ({ events: { written } }) => [[{}, written]],
  },
  {
    name: 'events_dropped_total',
    help: 'Kubernetes events that were not written, because too many waited or the API server refused them.',
    labels: ['type'],
    grows: true,
    samples: ({ events: { dropped } }) => byType(dropped),
  },
];

function byType(dropped: EventsStatus['dropped']): Sample[] {
  return Object.entries(dropped).map(([type, count]) => [{ type }, count]);
}

const BRIDGE: readonly Family<Metered>[] = [
  {
    name: 'bridge_leads',
    help: 'Whether this bridge tells what it sees; of several, one does.',
    samples: ({ bridge: { leads } }) => [[{}, Number(leads)]],
  },
  {
    name: 'bridge_synced',
    help: 'Whether everything was listed once.',
    samples: ({ bridge: { synced } }) => [[{}, Number(synced)]],
  },
  {
    name: 'resources',
    help: 'Resources that are watched.',
    samples: ({ bridge: { resources } }) => [[{}, resources]],
  },
  {
    name: 'objects',
    help: 'Objects of resources that are watched.',
    samples: ({ bridge: { objects } }) => [[{}, objects]],
  },
  {
    name: 'signals_total',
    help: 'Signals that workflows took.',
    grows: true,
    samples: ({ bridge: { signals } }) => [[{}, signals.sent]],
  },
  {
    name: 'signal_failures_total',
    help: 'Signals that did not get through, and were sent again.',
    grows: true,
    samples: ({ bridge: { signals } }) => [[{}, signals.failures]],
  },
  {
    name: 'signals_waiting',
    help: 'Workflows that something is to be told to.',
    samples: ({ bridge: { signals } }) => [[{}, signals.queued + signals.inFlight]],
  },
  {
    name: 'resync_overdue_resources',
    help: 'Resources that were not compared with their statuses within the resync period.',
    samples: ({ bridge: { comparisons } }) => (comparisons ? [[{}, comparisons.overdue]] : []),
  },
  {
    name: 'resync_oldest_comparison_seconds',
    help: 'How long ago the comparison was of the resource that waits longest for the next one.',
    samples: ({ bridge: { comparisons } }) => (comparisons ? [[{}, comparisons.oldestSeconds]] : []),
  },
];

const WATCHES: readonly Family<Metered>[] = [
  {
    name: 'watch_state',
    help: 'One for the state in which a watch is.',
    labels: ['kind', 'state'],
    samples: ({ bridge: { watches } }) => watches.map(({ kind, state }): Sample => [{ kind, state }, 1]),
  },
  {
    name: 'watch_transitions_total',
    help: 'How often a watch entered a state.',
    labels: ['kind', 'state'],
    grows: true,
    samples: ({ bridge: { watches } }) =>
      watches.flatMap(({ kind, counts }) => each(kind, 'state', counts.states)),
  },
  {
    name: 'watch_lists_total',
    help: 'Lists that came to their end, in a stream or in pages.',
    labels: ['kind', 'by'],
    grows: true,
    samples: ({ bridge: { watches } }) =>
      watches.flatMap(({ kind, counts }) => each(kind, 'by', counts.lists)),
  },
  {
    name: 'watch_events_total',
    help: 'Events that the API server sent.',
    labels: ['kind', 'type'],
    grows: true,
    samples: ({ bridge: { watches } }) =>
      watches.flatMap(({ kind, counts }) => each(kind, 'type', counts.events)),
  },
  {
    name: 'watch_failures_total',
    help: 'Ends of a watch that were none of the agreed ones.',
    labels: ['kind', 'reason'],
    grows: true,
    samples: ({ bridge: { watches } }) =>
      watches.flatMap(({ kind, counts }) => each(kind, 'reason', counts.failures)),
  },
  {
    name: 'watch_objects',
    help: 'Objects that a watch keeps.',
    labels: ['kind'],
    samples: ({ bridge: { watches } }) => watches.map(({ kind, objects }): Sample => [{ kind }, objects]),
  },
  {
    name: 'watch_last_heard_timestamp_seconds',
    help: 'When something was last heard of a watch; bookmarks come about every minute.',
    labels: ['kind'],
    samples: ({ bridge: { watches } }) =>
      watches
        .filter(({ lastHeardAt }) => lastHeardAt !== '')
        .map(({ kind, lastHeardAt }): Sample => [{ kind }, Date.parse(lastHeardAt) / 1000]),
  },
];

const STANDING: readonly Family<Metered>[] = [
  {
    name: 'resources_by_state',
    help: 'Resources that are ready, reconciling or stalled, by the reason that their condition gives.',
    labels: ['state', 'reason'],
    samples: ({ standing }) =>
      Object.entries(standing?.states ?? {}).flatMap(([state, reasons]) => byReason(reasons, { state })),
  },
  {
    name: 'rollouts_halted',
    help: 'Resources whose rollout was stopped where it is, or taken back, and does not go on by itself.',
    labels: ['reason'],
    samples: ({ standing }) => byReason(standing?.halted),
  },
  {
    name: 'rollouts_awaiting_approval',
    help: 'Resources that wait for somebody to approve.',
    labels: ['reason'],
    samples: ({ standing }) => byReason(standing?.awaitingApproval),
  },
  {
    name: 'resources_paused',
    help: 'Resources of which something is paused.',
    samples: ({ standing }) => (standing ? [[{}, standing.paused]] : []),
  },
  {
    name: 'oldest_unobserved_generation_seconds',
    help: 'How long the oldest generation is there that no worker has taken up; 0 without any.',
    samples: ({ standing }) => (standing ? [[{}, standing.unobservedSeconds]] : []),
  },
];

function byReason(reasons: Reasons = {}, labels: Labels = {}): Sample[] {
  return Object.entries(reasons).map(([reason, value]) => [{ ...labels, reason }, value]);
}

function each(kind: string, label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([value, count]) => [{ kind, [label]: value }, count]);
}
