import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BridgeStatus } from '../../../bridge/bridge.ts';
import type { Standing } from '../../../bridge/standing.ts';
import { startHealthServer } from '../../../worker/health-server.ts';
import { createMetrics } from '../../../worker/metrics.ts';

const STATUS: BridgeStatus = {
  synced: true,
  leads: true,
  resources: 2,
  objects: 24,
  comparisons: { overdue: 1, oldestSeconds: 700 },
  signals: { sent: 7, inFlight: 1, queued: 2, failures: 3, lastError: undefined },
  watches: [
    {
      kind: 'Secret (of others) in data',
      state: 'Watching',
      trouble: '',
      objects: 1,
      lastHeardAt: '1970-01-01T00:01:00.000Z',
      counts: {
        states: { Listing: 1, Watching: 2, Retrying: 1 },
        lists: { stream: 1 },
        events: { MODIFIED: 4 },
        failures: { Unreachable: 1 },
      },
    },
  ],
};

describe('metrics', () => {
  it('tell what bridges and watches have been through, as it is when they are asked for', async () => {
    let sent = 7;
    const metrics = createMetrics(() => [
      { operator: 'toys', bridge: { ...STATUS, signals: { ...STATUS.signals, sent } }, standing: undefined },
    ]);
    const watch = 'operator="toys",kind="Secret (of others) in data"';
    const first = await metrics.text();
    for (const line of [
      'durable_operator_bridge_leads{operator="toys"} 1',
      'durable_operator_signals_total{operator="toys"} 7',
      'durable_operator_signals_waiting{operator="toys"} 3',
      'durable_operator_resync_overdue_resources{operator="toys"} 1',
      'durable_operator_resync_oldest_comparison_seconds{operator="toys"} 700',
      `durable_operator_watch_state{${watch},state="Watching"} 1`,
      `durable_operator_watch_transitions_total{${watch},state="Watching"} 2`,
      `durable_operator_watch_lists_total{${watch},by="stream"} 1`,
      `durable_operator_watch_events_total{${watch},type="MODIFIED"} 4`,
      `durable_operator_watch_failures_total{${watch},reason="Unreachable"} 1`,
      `durable_operator_watch_last_heard_timestamp_seconds{${watch}} 60`,
    ])
      assert.ok(first.includes(`${line}\n`), `${line} is not in\n${first}`);
    assert.match(first, /^process_resident_memory_bytes \d+/m);
    sent = 9;
    assert.match(await metrics.text(), /^durable_operator_signals_total\{operator="toys"\} 9$/m);
  });

  it('tell how resources stand where the bridge leads, and forget what is no more', async () => {
    let standing: Standing | undefined = {
      states: { ready: { Reconciled: 3 }, reconciling: {}, stalled: { WorkloadFailed: 1 } },
      halted: { WorkloadFailed: 1 },
      awaitingApproval: { AwaitingApproval: 2 },
      paused: 1,
      unobservedSeconds: 42,
    };
    const metrics = createMetrics(() => [{ operator: 'toys', bridge: STATUS, standing }]);
    const first = await metrics.text();
    for (const line of [
      'durable_operator_resources_by_state{operator="toys",state="ready",reason="Reconciled"} 3',
      'durable_operator_resources_by_state{operator="toys",state="stalled",reason="WorkloadFailed"} 1',
      'durable_operator_rollouts_halted{operator="toys",reason="WorkloadFailed"} 1',
      'durable_operator_rollouts_awaiting_approval{operator="toys",reason="AwaitingApproval"} 2',
      'durable_operator_resources_paused{operator="toys"} 1',
      'durable_operator_oldest_unobserved_generation_seconds{operator="toys"} 42',
    ])
      assert.ok(first.includes(`${line}\n`), `${line} is not in\n${first}`);
    standing = { ...standing, halted: {} };
    assert.doesNotMatch(await metrics.text(), /rollouts_halted\{/);
    standing = undefined;
    assert.doesNotMatch(await metrics.text(), /^durable_operator_(resources_|rollouts_|oldest_)\S*\{/m);
  });

  it('are served beside the health of the program', async () => {
    const server = await startHealthServer(
      0,
      () => [],
      createMetrics(() => []),
    );
    try {
      const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      assert.match(await answer.text(), /^# TYPE durable_operator_watch_state gauge$/m);
    } finally {
      await server.close();
    }
  });
});
