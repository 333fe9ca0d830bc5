/** What the program has been through, for Prometheus. Read from the parts when it is asked for; nothing is counted twice. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { BridgeStatus } from '../bridge/bridge.ts';

/** A bridge and the operator it is of. */
export interface Metered {
  readonly operator: string;
  readonly bridge: BridgeStatus;
}

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** @param read the bridges of the process, as they are now. */
export function createMetrics(read: () => readonly Metered[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const families: readonly Family[] = [...BRIDGE, ...WATCHES];
  for (const { name, help, labels = [], samples, grows } of families) {
    const all = (): Sample[] =>
      read().flatMap(({ operator, bridge }) =>
        samples(bridge).map(([own, value]): Sample => [{ operator, ...own }, value]),
      );
    const labelNames = ['operator', ...labels];
    const configuration = { name: `durable_operator_${name}`, help, labelNames, registers: [registry] };
    if (grows)
      new Counter({
        ...configuration,
        collect() {
          this.reset();
          for (const [own, value] of all()) this.inc(own, value);
        },
      });
    else
      new Gauge({
        ...configuration,
        collect() {
          this.reset();
          for (const [own, value] of all()) this.set(own, value);
        },
      });
  }
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

interface Family {
  readonly name: string;
  readonly help: string;
  /** Beside the operator. */
  readonly labels?: readonly string[];
  /** It counts, and never falls while the process lives. */
  readonly grows?: true;
  readonly samples: (bridge: BridgeStatus) => readonly Sample[];
}

const BRIDGE: readonly Family[] = [
  {
    name: 'bridge_leads',
    help: 'Whether this bridge tells what it sees; of several, one does.',
    samples: ({ leads }) => [[{}, Number(leads)]],
  },
  {
    name: 'bridge_synced',
    help: 'Whether everything was listed once.',
    samples: ({ synced }) => [[{}, Number(synced)]],
  },
  { name: 'resources', help: 'Resources that are watched.', samples: ({ resources }) => [[{}, resources]] },
  {
    name: 'objects',
    help: 'Objects of resources that are watched.',
    samples: ({ objects }) => [[{}, objects]],
  },
  {
    name: 'signals_total',
    help: 'Signals that workflows took.',
    grows: true,
    samples: ({ signals }) => [[{}, signals.sent]],
  },
  {
    name: 'signal_failures_total',
    help: 'Signals that did not get through, and were sent again.',
    grows: true,
    samples: ({ signals }) => [[{}, signals.failures]],
  },
  {
    name: 'signals_waiting',
    help: 'Workflows that something is to be told to.',
    samples: ({ signals }) => [[{}, signals.queued + signals.inFlight]],
  },
];

const WATCHES: readonly Family[] = [
  {
    name: 'watch_state',
    help: 'One for the state in which a watch is.',
    labels: ['kind', 'state'],
    samples: ({ watches }) => watches.map(({ kind, state }): Sample => [{ kind, state }, 1]),
  },
  {
    name: 'watch_transitions_total',
    help: 'How often a watch entered a state.',
    labels: ['kind', 'state'],
    grows: true,
    samples: ({ watches }) => watches.flatMap(({ kind, counts }) => each(kind, 'state', counts.states)),
  },
  {
    name: 'watch_lists_total',
    help: 'Lists that came to their end, in a stream or in pages.',
    labels: ['kind', 'by'],
    grows: true,
    samples: ({ watches }) => watches.flatMap(({ kind, counts }) => each(kind, 'by', counts.lists)),
  },
  {
    name: 'watch_events_total',
    help: 'Events that the API server sent.',
    labels: ['kind', 'type'],
    grows: true,
    samples: ({ watches }) => watches.flatMap(({ kind, counts }) => each(kind, 'type', counts.events)),
  },
  {
    name: 'watch_failures_total',
    help: 'Ends of a watch that were none of the agreed ones.',
    labels: ['kind', 'reason'],
    grows: true,
    samples: ({ watches }) => watches.flatMap(({ kind, counts }) => each(kind, 'reason', counts.failures)),
  },
  {
    name: 'watch_objects',
    help: 'Objects that a watch keeps.',
    labels: ['kind'],
    samples: ({ watches }) => watches.map(({ kind, objects }): Sample => [{ kind }, objects]),
  },
  {
    name: 'watch_last_heard_timestamp_seconds',
    help: 'When something was last heard of a watch; bookmarks come about every minute.',
    labels: ['kind'],
    samples: ({ watches }) =>
      watches
        .filter(({ lastHeardAt }) => lastHeardAt !== '')
        .map(({ kind, lastHeardAt }): Sample => [{ kind }, Date.parse(lastHeardAt) / 1000]),
  },
];

function each(kind: string, label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([value, count]) => [{ kind, [label]: value }, count]);
}
