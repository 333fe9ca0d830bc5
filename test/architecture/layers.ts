/** Who may import whom, and why: the one table that the test of the layers and docs/architecture.md follow. */

export interface Layer {
  readonly room: string;
  /** What the room may load at run time: a room, one file of a room, or a package. */
  readonly loads: readonly string[];
  /** What it may take types from, besides. */
  readonly types: readonly string[];
  readonly because: string;
}

export const LAYERS: readonly Layer[] = [
  {
    room: 'index.ts',
    loads: ['api', 'core'],
    types: [],
    because: 'an author says what a resource means without starting a client or a server',
  },
  {
    room: 'api',
    loads: [],
    types: ['@kubernetes/client-node'],
    because: 'the words of an author are data',
  },
  {
    room: 'core',
    loads: ['api'],
    types: [],
    because: 'a decision is a pure function of what it is given, so that a replay decides the same',
  },
  {
    room: 'workflows',
    loads: ['core', 'api', '@temporalio/workflow', '@temporalio/common'],
    types: ['activities'],
    because:
      'workflow code is replayed, in a sandbox without Node: whatever touches the world is an activity',
  },
  {
    room: 'kubernetes',
    loads: ['core', '@kubernetes/client-node', 'undici', 'node:*'],
    types: [],
    because: 'it speaks to the API server alone, and knows no Temporal',
  },
  {
    room: 'activities',
    loads: [
      'kubernetes',
      'core',
      'api',
      '@temporalio/activity',
      '@temporalio/common',
      'object-hash',
      'croner',
      'ms',
      'node:*',
    ],
    types: [],
    because: 'an activity does what a workflow decided, whoever watches and whoever runs it',
  },
  {
    room: 'bridge',
    loads: [
      'kubernetes',
      'core',
      'api',
      'workflows/messages.ts',
      '@temporalio/client',
      '@temporalio/common',
      'node:*',
    ],
    types: ['workflows'],
    because: 'it says "look again" and decides nothing, so that a word lost loses nothing',
  },
  {
    room: 'worker',
    loads: [
      'bridge',
      'activities',
      'kubernetes',
      'core',
      'api',
      'workflows/messages.ts',
      '@temporalio/client',
      '@temporalio/worker',
      '@temporalio/envconfig',
      '@temporalio/common',
      'ms',
      'pino',
      'prom-client',
      'node:*',
    ],
    types: ['workflows'],
    because: 'it puts the parts together, and is the only room that reads the environment of the program',
  },
  {
    room: 'sandbox',
    loads: ['@temporalio/testing', 'undici', 'node:*'],
    types: [],
    because: 'a cluster that knew the operator would prove less than one that does not',
  },
  {
    room: 'testing',
    loads: ['index.ts', 'core', 'worker', 'sandbox', 'kubernetes', '@temporalio/client', 'yaml', 'node:*'],
    types: ['api'],
    because: 'the kit of authors stands on what it lets them test',
  },
  {
    room: 'cli',
    loads: [
      'index.ts',
      'worker',
      'sandbox',
      'testing',
      '@temporalio/client',
      '@temporalio/common',
      'commander',
      'picocolors',
      'node:*',
    ],
    types: [],
    because: 'a command is a thin shell around a door: a program can do all that a person can',
  },
  {
    room: 'examples',
    loads: ['durable-operator', 'npm:*', 'node:*'],
    types: [],
    because: 'an example uses the public doors alone, as its reader will',
  },
];
