/**
 * A Pinot of four node types on a control plane and a Temporal of its own: installed, changed in order, edited by hand and
 * put right. Stays until Ctrl-C; `--once` ends by itself, and fails when a step does.
 */
import { parseArgs } from 'node:util';
import { connectCluster, startSandbox } from 'durable-operator/testing';
import type { Cluster, Sandbox } from 'durable-operator/testing';
import { startOperators } from 'durable-operator/worker';
import type { Screen } from './demo/screen.ts';
import { openScreen } from './demo/screen.ts';
import { changeEveryConfig, editByHand, install, installSchema, samplePinot } from './demo/story.ts';
import operator from './operator.ts';

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
const interrupted = new AbortController();
process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
const screen = openScreen(process.stdout);
try {
  await demonstrate(screen, interrupted.signal);
} catch (error) {
  if (!interrupted.signal.aborted) {
    screen.say(screen.paint.red(`failed: ${error instanceof Error ? error.message : String(error)}`));
    process.exitCode = 1;
  } else if (values.once) process.exitCode = 130;
} finally {
  screen.end();
}

/** The second time it is meant; what the sandbox has started ends with this process. */
function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
}

async function demonstrate(screen: Screen, signal: AbortSignal): Promise<void> {
  heading('a Kubernetes control plane and a Temporal start');
  await using sandbox = await startSandbox({
    name: `demo-${process.pid}`,
    signal,
    onProgress: ({ component, message }) => screen.say(`   ${component}: ${message}`),
  });
  const cluster = connectCluster(sandbox.kubeconfig);
  try {
    await play(sandbox, cluster, signal);
  } finally {
    await cluster.close();
  }
}

async function play(sandbox: Sandbox, cluster: Cluster, signal: AbortSignal): Promise<void> {
  await installSchema(cluster);
  const running = await startOperators(
    operator,
    { kubeconfig: sandbox.kubeconfig, temporalAddress: sandbox.temporal.address, logLevel: 'error' },
    signal,
  );
  const over = new AbortController();
  try {
    sayAddresses(sandbox);
    const story = tell(cluster, AbortSignal.any([signal, over.signal]));
    await Promise.race([story, running.ended, sandbox.ended]);
    if (!values.once) await untilInterrupted(sandbox, signal);
  } finally {
    over.abort();
    heading('everything is stopped and removed');
    await running.stop();
  }
}

async function tell(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const pinot = await samplePinot(values.once ? 0.5 : 2);
  const scene = { cluster, name: pinot.metadata.name, screen, signal };
  heading('a Pinot of four node types is installed, all at once');
  await install(scene, pinot);
  heading('every node gets a new setting: controller, broker, server, minion, one after the other');
  await changeEveryConfig(scene, pinot);
  heading('the brokers are scaled by hand and a ConfigMap is deleted: both are put right');
  await editByHand(scene, pinot);
  heading('done');
}

async function untilInterrupted(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  sayAddresses(sandbox);
  screen.say('   Ctrl-C ends it');
  const asked = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  await Promise.race([asked, sandbox.ended]);
}

function sayAddresses({ kubeconfig, temporal }: Sandbox): void {
  screen.say(`   Temporal UI  ${temporal.uiUrl}`);
  screen.say(`   kubectl      export KUBECONFIG=${kubeconfig}`);
}

function heading(what: string): void {
  screen.say(screen.paint.bold(`\n> ${what}`));
}
