/** One watch in a process of its own, measured: run by `watch.ts`. */
import { leanObject } from '../bridge/lean-objects.ts';
import type { Manifest } from '../core/manifest.ts';
import { watchKind } from '../kubernetes/watcher.ts';
import { connectCluster } from './cluster.ts';

const [kubeconfig = '', namespace = '', list, kept] = process.argv.slice(2);
const OPERATOR = { name: 'bench', group: 'bench.dev', kind: 'Bench' };

await using cluster = connectCluster(kubeconfig);
// What the first request costs (certificates, discovery) is not the watch's.
await cluster.api.list({ group: '', kind: 'Namespace' });
const before = residentMb();
const began = performance.now();
const watcher = watchKind<unknown>(cluster.api, {
  kind: { group: '', kind: 'ConfigMap' },
  namespace,
  list: list === 'pages' ? 'pages' : 'stream',
  trim: kept === 'whole' ? (object: Manifest) => object : (object) => leanObject(object, OPERATOR, false),
  onChange: () => undefined,
  onHandlerError: (error) => {
    throw error;
  },
});
await watcher.synced;
const seconds = Number(((performance.now() - began) / 1000).toFixed(2));
const grownMb = Math.round(residentMb() - before);
process.stdout.write(`${JSON.stringify({ objects: watcher.size, seconds, grownMb })}\n`);
await watcher.stop();

/** After what is not needed any more was given back. */
function residentMb(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1024 ** 2;
}
