/**
 * Measures what a watch of many objects costs: how long until all are known, and by how much the process grew. Each
 * measurement is made in a process of its own, against the sandbox's API server: `node bench/watch.ts [objects] [bytes]`.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startSandbox } from '../sandbox/index.ts';
import { connectCluster, createNamespace } from './cluster.ts';
import { inParallel } from './in-parallel.ts';
import { say } from './say.ts';

const NAMESPACE = 'bench-watch';
const WIDTH = 32;
const CHILD = fileURLToPath(new URL('watch-child.ts', import.meta.url));
const run = promisify(execFile);

const [count = 10_000, bytes = 5_000] = process.argv.slice(2).map(Number);
await using sandbox = await startSandbox({ name: 'bench-watch', temporal: false });
await using cluster = connectCluster(sandbox.kubeconfig);
await createNamespace(cluster, NAMESPACE);
say(`creating ${count} objects of ${bytes} bytes`);
await inParallel(
  Array.from({ length: count }, (_, index) => index),
  WIDTH,
  async (index) => {
    const metadata = { name: `object-${index}`, namespace: NAMESPACE };
    const data = { content: `${index} `.padEnd(bytes, 'x') };
    await cluster.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  },
);
console.log('| list | kept | objects | seconds | grown by |\n| --- | --- | ---: | ---: | ---: |');
for (const list of ['stream', 'pages'])
  for (const kept of ['lean', 'whole']) {
    const flags = ['--expose-gc', '--conditions=source', CHILD];
    const { stdout } = await run(process.execPath, [...flags, sandbox.kubeconfig, NAMESPACE, list, kept]);
    const { objects, seconds, grownMb } = JSON.parse(stdout) as Record<string, number>;
    console.log(`| ${list} | ${kept} | ${objects} | ${seconds} | ${grownMb} MB |`);
  }
