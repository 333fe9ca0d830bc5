/** Temporal's development server with its UI, its data in memory. */
import path from 'node:path';
import { request } from 'undici';
import { freePorts } from './free-ports.ts';
import { startGuarded, type GuardedProcess } from './guarded-process.ts';
import type { Report } from './progress.ts';
import { waitUntil } from './wait-until.ts';

export type DynamicConfig = Readonly<Record<string, string | number | boolean>>;

export interface TemporalOptions {
  readonly program: string;
  readonly directory: string;
  readonly dynamicConfig: DynamicConfig;
  readonly searchAttributes: readonly string[];
  readonly uiPort: number | undefined;
  readonly report: Report;
  readonly signal: AbortSignal;
  onProcess(component: GuardedProcess): void;
}

export interface TemporalServer {
  readonly address: string;
  readonly namespace: 'default';
  readonly uiUrl: string;
}

/** Without the first ones the server adds up to 50 ms to each task and a second to each timer and to each short run. */
export const DYNAMIC_CONFIG: DynamicConfig = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxTimeShift': '1ms',
  'history.workflowIdReuseMinimalInterval': '0s',
  'frontend.WorkflowTimeSkippingEnabled': true,
  // Partitions are for many servers: priority and fairness hold in each of them alone.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};

const READY_TIMEOUT_MS = 60_000;

/** Resolves once the namespace and its search attributes are served, and the UI with them. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const [port = 0, freeUiPort = 0, metricsPort = 0] = await freePorts(3);
  const uiPort = options.uiPort ?? freeUiPort;
  const component = startGuarded({
    name: 'temporal',
    command: options.program,
    args: flags(options, { port, uiPort, metricsPort }),
    logFile: path.join(options.directory, 'temporal.log'),
    directory: options.directory,
    env: { GOGC: '400' },
  });
  options.onProcess(component);
  const uiUrl = `http://127.0.0.1:${uiPort}`;
  await waitUntil(() => serves(uiUrl, options.searchAttributes), {
    state: 'ready',
    process: component,
    timeoutMs: READY_TIMEOUT_MS,
    signal: options.signal,
  });
  options.report('temporal', `ready at 127.0.0.1:${port}, its UI at ${uiUrl}`);
  return { address: `127.0.0.1:${port}`, namespace: 'default', uiUrl };
}

interface Ports {
  readonly port: number;
  readonly uiPort: number;
  readonly metricsPort: number;
}

function flags(options: TemporalOptions, { port, uiPort, metricsPort }: Ports): string[] {
  const config = Object.entries({ ...DYNAMIC_CONFIG, ...options.dynamicConfig });
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'error'],
    ...['--port', String(port), '--ui-port', String(uiPort), '--metrics-port', String(metricsPort)],
    ...options.searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...config.flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]),
  ];
}

/** The UI's own API answers from the frontend, so its answer speaks for both. */
async function serves(uiUrl: string, searchAttributes: readonly string[]): Promise<true | undefined> {
  try {
    const response = await request(`${uiUrl}/api/v1/namespaces/default/search-attributes`);
    const text = await response.body.text();
    const known = response.statusCode === 200 && searchAttributes.every((name) => text.includes(`"${name}"`));
    return known ? true : undefined;
  } catch {
    // Nobody listens yet; that it never does is told by the timeout and the process's log.
    return undefined;
  }
}
