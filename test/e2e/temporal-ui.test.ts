/** What a person sees of a rollout in Temporal's own UI, in a real browser. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { ToyStage } from '../support/toy-stage.ts';

const skip = process.env['DURABLE_OPERATOR_SKIP_UI'] === '1' && 'DURABLE_OPERATOR_SKIP_UI is set';

/** The servers never become ready, so that the rollout stays where it can be looked at. */
const STUCK = {
  ...configured(FOUR_ROLES, '2'),
  nodes: configured(FOUR_ROLES, '2').nodes.map((node) =>
    node.role === 'server' ? { ...node, image: 'example.org/toy:never-ready' } : node,
  ),
};

describe('Temporal UI, while the servers of a resource are awaited', { skip }, () => {
  let stage: ToyStage;
  let browser: Browser;
  let page: Page;
  let workflow: string;
  before(async () => {
    browser = await openBrowser();
    stage = await ToyStage.open();
    await stage.want(FOUR_ROLES);
    await stage.ready();
    await stage.want(STUCK);
    await stage.until('its servers are awaited', ({ stage: role, conditions }) => {
      return role === 'server' && conditions.some(({ message }) => message.includes('is not ready'));
    });
    page = await browser.newPage({ viewport: { width: 1600, height: 2400 } });
    page.setDefaultTimeout(20_000);
    await page.goto(`${workflows()}/${encodeURIComponent(stage.workflowId())}`);
    await page.waitForURL(/\/timeline/);
    workflow = page.url().replace(/\/timeline.*/, '');
  });
  after(async () => {
    await browser?.close();
    await stage?.[Symbol.asyncDispose]();
  });

  function workflows(): string {
    return `${stage.sandbox.temporal.uiUrl}/namespaces/default/workflows`;
  }

  async function sees(...texts: readonly (string | RegExp)[]): Promise<void> {
    for (const text of texts) await page.getByText(text).filter({ visible: true }).first().waitFor();
  }

  it('finds the resource by its namespace and stage, and shows both as columns', async () => {
    await page.evaluate(() => {
      const labels = ['Status', 'Workflow ID', 'ResourceKind', 'ResourceReady', 'ResourceStage'];
      const columns = JSON.stringify({ default: labels.map((label) => ({ label })) });
      localStorage.setItem('namespace-workflow-table-columns', columns);
    });
    const query = `ResourceNamespace="${stage.namespace}" AND ResourceStage="server"`;
    await page.goto(`${workflows()}?query=${encodeURIComponent(query)}`);
    const row = page.getByRole('row').filter({ hasText: stage.workflowId() });
    await row.waitFor();
    const cells = await row.getByRole('cell').allInnerTexts();
    const shown = cells.map((text) => text.trim()).filter((text) => text !== '');
    assert.deepEqual(shown.slice(-4), [stage.workflowId(), 'Toy', 'Unknown', 'server']);
  });

  it('tells in the timeline what was applied, stage by stage, and what the timer is for', async () => {
    await page.goto(`${workflow}/timeline`);
    await sees(
      /applyConfigMaps • ConfigMap t1-controller-config-[0-9a-f]{10}, ConfigMap t1-broker-config-/,
      /applyWorkloads • controller: StatefulSet t1-controller, digest [0-9a-f]{8}/,
      /applyWorkloads • broker: StatefulSet t1-broker, digest [0-9a-f]{8}/,
      /applyWorkloads • server: StatefulSet t1-server, digest [0-9a-f]{8}/,
      'a deadline or a retry: looks again when no news has come before',
    );
    assert.equal(await page.getByText(/minion: StatefulSet/).count(), 0);
  });

  it('gives every activity and timer of the history a summary', async () => {
    await page.goto(`${workflow}/history`);
    await page.getByText('Compact', { exact: true }).click();
    await sees('resourceChanged', /^Progressing \(WaitingForHealth\): StatefulSet t1-server: 0 of 1/);
    const rows = await page.getByRole('row').allInnerTexts();
    const told = rows.filter((row) => /Activity Type|Start To Fire Timeout/.test(row));
    assert.ok(told.length > 10, `${told.length} activities and timers`);
    assert.deepEqual(
      told.filter((row) => !row.includes('Summary')),
      [],
    );
  });

  it('says where each stage stands, and what is waited for since when', async () => {
    await page.goto(`${workflow}/user-metadata`);
    const details = page.frameLocator('iframe[src*="Waiting%20for"]').locator('body');
    await details.getByText('Waiting for').waitFor();
    const text = (await details.innerText()).replaceAll(/[\t \u00a0]+/g, ' ');
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`;
    for (const line of [
      `^Progressing \\(WaitingForHealth\\): StatefulSet t1-server: 0 of 1 replicas ready; pod t1-server-0`,
      `^Change of generation 2, since ${time}$`,
      `^controller Done ${time} [\\d.]+ s`,
      `^broker Done ${time} [\\d.]+ s`,
      `^server Rolling ${time}`,
      `^minion Pending`,
      `^StatefulSet t1-server NotReady 0 of 1 replicas ready.* ${time}`,
    ])
      assert.match(text, new RegExp(line, 'm'));
  });

  it('answers the query of the rollout, and explains queries and signals', async () => {
    await page.goto(`${workflow}/query`);
    await page.getByTestId('query-select-button').click();
    await sees('rolloutStatus');
    await page.getByRole('option', { name: 'rolloutStatus' }).click();
    await page.getByText('Run Query').click();
    await sees(/"summary": ?"Progressing \(WaitingForHealth\): StatefulSet t1-server/);
    const described = await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId()).query<Metadata>('__temporal_workflow_metadata'),
    );
    const { queryDefinitions, signalDefinitions } = described.definition;
    const ours = [...queryDefinitions, ...signalDefinitions].filter(({ name }) => !name.startsWith('__'));
    assert.deepEqual(ours.map(({ name }) => name).toSorted(), [
      'objectsChanged',
      'resourceChanged',
      'rolloutStatus',
    ]);
    assert.deepEqual(
      ours.filter(({ description }) => !description),
      [],
    );
  });
});

interface Definition {
  readonly name: string;
  readonly description?: string;
}

interface Metadata {
  readonly definition: {
    readonly queryDefinitions: readonly Definition[];
    readonly signalDefinitions: readonly Definition[];
  };
}
