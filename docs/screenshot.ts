/**
 * Takes docs/images/rollout.png: an ordered rollout of a Pinot as Temporal's own UI shows it. Two of its pages side by
 * side, cut to what they tell: the timeline of the workflow, and its current details.
 */
import { writeFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { startSandbox } from '../sandbox/index.ts';
import { configured, openPinotStage, slow } from '../test/e2e/pinot-stage.ts';
import { openBrowser } from '../test/support/browser.ts';

const PICTURE = new URL('images/rollout.png', import.meta.url);

await using sandbox = await startSandbox({ name: 'screenshot' });
await using stage = await openPinotStage({ sandbox, namespace: 'default' });
await rollOut();
const browser = await openBrowser();
try {
  await writeFile(PICTURE, await picture(browser));
} finally {
  await browser.close();
}

/** Up to the middle of an upgrade, where it stays: the first of two new servers takes its time. */
async function rollOut(): Promise<void> {
  const pinot = await stage.sample('pinot.yaml');
  await stage.want(pinot);
  await stage.ready('pinot');
  const changed = configured(pinot, 'pinot.query.timeout=30s');
  const [brisk, slowest] = [slow(changed, 2500).spec.k8sConfig, slow(changed, 600_000).spec.k8sConfig];
  const k8sConfig = brisk.map((each, index) => (each.name === 'server' ? (slowest[index] ?? each) : each));
  await stage.want({ ...changed, spec: { ...changed.spec, k8sConfig } });
  await stage.until('pinot', 'has one of two servers', ({ stage: role, conditions }) => {
    return role === 'server' && conditions.some(({ message }) => message.includes('is not ready'));
  });
}

async function picture(from: Browser): Promise<Buffer> {
  const id = encodeURIComponent('pinots.datainfra.io/default/pinot');
  const page = await from.newPage({ viewport: { width: 1310, height: 2000 } });
  await page.goto(`${sandbox.temporal.uiUrl}/namespaces/default/workflows/${id}`);
  const change = page.getByText('resourceChanged').filter({ visible: true }).first();
  await change.waitFor();
  const title = await cut(page, page.getByRole('heading', { level: 1 }));
  const chart = change.locator('xpath=ancestor::ul/..');
  const timeline = await cut(page, chart, change);
  await page.goto(page.url().replace(/timeline.*/, 'user-metadata'));
  await page.setViewportSize({ width: 1390, height: 2000 });
  const details = page.locator('iframe[src*="Waiting%20for"]');
  await details.contentFrame().getByText('Waiting for').waitFor();
  return composed(from, title, timeline, await cut(page, details));
}

/** A piece of the page as an image of HTML, down to `last` where that is given. */
async function cut(page: Page, piece: Locator, last: Locator = piece): Promise<string> {
  const [top, bottom] = await Promise.all([piece.boundingBox(), last.boundingBox()]);
  if (!top || !bottom) throw new Error('the page of Temporal UI does not show what is to be cut out of it');
  const height = bottom.y + bottom.height - top.y;
  const png = await page.screenshot({ clip: { ...top, height }, fullPage: true });
  return `<img src="data:image/png;base64,${png.toString('base64')}">`;
}

async function composed(from: Browser, title: string, timeline: string, details: string): Promise<Buffer> {
  const page = await from.newPage({ viewport: { width: 1440, height: 100 } });
  await page.setContent(`<style>
    body { margin: 0; padding: 20px; width: fit-content; background: #f8f8f8; font: 15px sans-serif; color: #444; }
    main { display: flex; gap: 16px; align-items: flex-start; }
    section { background: #fff; border: 1px solid #ccc; border-radius: 8px; padding: 8px; overflow: hidden; }
    h2 { font-size: 15px; margin: 4px 8px 8px; }
  </style>
  ${title}
  <main>
    <section><h2>Timeline</h2>${timeline}</section>
    <section><h2>Current Details</h2>${details}</section>
  </main>`);
  return page.locator('body').screenshot();
}
