import { CIRCUIT_STATES } from '../kubernetes/circuit.ts';
import type { FlowStatus } from '../kubernetes/flow-control.ts';
import type { Family, Sample } from './families.ts';

/** How much the process asks of its API server. */
export const FLOW: readonly Family<FlowStatus>[] = [
  {
    name: 'api_requests_in_flight',
    help: 'Requests to the API server that are under way, beside watches and leases.',
    samples: ({ inFlight }) => [[{}, inFlight]],
  },
  {
    name: 'api_requests_waiting',
    help: 'Requests to the API server that wait for their turn.',
    samples: ({ waiting }) => [[{}, waiting]],
  },
  {
    name: 'api_requests_limit',
    help: 'How many requests may be under way at once; lowered while the API server has too much to do.',
    samples: ({ limit }) => [[{}, limit]],
  },
  {
    name: 'api_overloads_total',
    help: 'Answers of an API server that has too much to do (429, 503, 504).',
    grows: true,
    samples: ({ overloads }) => [[{}, overloads]],
  },
  {
    name: 'api_requests_unsent_total',
    help: 'Requests that were not sent: their turn did not come in time, or the circuit was open.',
    grows: true,
    samples: ({ unsent }) => [[{}, unsent]],
  },
  {
    name: 'api_circuit_state',
    help: 'One for the state of the circuit; Open while the API server is asked only now and then.',
    labels: ['state'],
    samples: ({ circuit }) =>
      Object.values(CIRCUIT_STATES).map((state): Sample => [{ state }, Number(state === circuit)]),
  },
  {
    name: 'api_circuit_opened_total',
    help: 'How often the circuit opened.',
    grows: true,
    samples: ({ circuitOpened }) => [[{}, circuitOpened]],
  },
];
