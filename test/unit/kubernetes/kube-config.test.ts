import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CredentialStore } from '../../../kubernetes/credentials.ts';
import { proxyOf } from '../../../kubernetes/environment-proxy.ts';
import { homeOf, loadKubeConfig } from '../../../kubernetes/kube-config.ts';

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** The variable KUBECONFIG. */
  readonly list: readonly string[];
  readonly kubeconfig?: string;
  readonly context?: string;
  /** What `clientcmd` and `rest` of client-go v0.37.2 made of it, or why they refused. */
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly refused?: string;
}

const CASES: readonly Case[] = JSON.parse(
  readFileSync(new URL('kubectl-answers.json', import.meta.url), 'utf8'),
) as readonly Case[];

describe('a kubeconfig is read as kubectl reads it', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'durable-operator-kubeconfig-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  function write(files: Case['files'], place: string): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), text.replaceAll('DIR', place));
    }
  }

  async function read({ name, files, list, kubeconfig, context }: Case): Promise<unknown> {
    const place = join(directory, name.replaceAll(/\W/g, '-'));
    mkdirSync(place);
    write(files, place);
    const config = loadKubeConfig({
      ...(kubeconfig ? { kubeconfig: join(place, kubeconfig) } : {}),
      ...(context ? { context } : {}),
      env: { KUBECONFIG: list.map((file) => file && join(place, file)).join(delimiter) },
    });
    const { headers, tls } = await new CredentialStore(config).get();
    const cluster = config.getCurrentCluster();
    return {
      server: cluster?.server,
      namespace: homeOf(config).namespace,
      headers: Object.fromEntries(
        Object.entries(headers).map(([header, value]) => [header.toLowerCase(), [value].flat()]),
      ),
      serverName: tls.servername ?? '',
      insecure: tls.rejectUnauthorized === false && cluster?.server.startsWith('https'),
      ca: String(tls.ca ?? ''),
      cert: String(tls.cert ?? ''),
      proxy: cluster?.proxyUrl ?? '',
    };
  }

  for (const each of CASES)
    if (each.answer)
      it(each.name, async () => {
        const server = String(each.answer?.['server']).replace(/^(?!https?:)/, 'http://');
        assert.deepEqual(await read(each), { ...each.answer, server });
      });
    else
      it(`${each.name}: refused`, async () => {
        await assert.rejects(read(each), (error: Error) => !error.message.includes('\n'));
      });

  it('is completed by the proxy of the environment, unless it names one', () => {
    const place = join(directory, 'proxied');
    mkdirSync(place);
    const files = ['a namespace', 'a proxy'].map((name) => {
      const file = join(place, name);
      writeFileSync(file, CASES.find((each) => each.name === name)?.files['a'] ?? '');
      return file;
    });
    const env = { HTTPS_PROXY: 'http://environment:3128', NO_PROXY: '10.0.0.0/8' };
    const proxies = files.map(
      (kubeconfig) => loadKubeConfig({ kubeconfig, env }).getCurrentCluster()?.proxyUrl,
    );
    assert.deepEqual(proxies, ['http://environment:3128', 'http://proxy:3128']);
  });

  it('reads a token again that was renewed in its file', async () => {
    const place = join(directory, 'renewed');
    mkdirSync(place);
    write(
      { config: CASES.find(({ name }) => name === 'a token file')?.files['a'] ?? '', token: 'old' },
      place,
    );
    const credentials = new CredentialStore(loadKubeConfig({ kubeconfig: join(place, 'config') }));
    const refused = await credentials.get();
    writeFileSync(join(place, 'token'), 'new\n');
    credentials.forget(refused);
    assert.deepEqual(
      [refused, await credentials.get()].map(({ headers }) => headers['Authorization']),
      ['Bearer old', 'Bearer new'],
    );
  });
});

const P = 'http://p:3128';
/** HTTPS_PROXY, HTTP_PROXY, NO_PROXY, an address, and what `httpproxy` of golang.org/x/net answered. */
const PROXIES: readonly (readonly [string, string, string, string, string])[] = [
  [P, '', '', 'https://10.96.0.1:443', P],
  [P, '', '10.0.0.0/8', 'https://10.96.0.1:443', ''],
  [P, '', '10.0.0.0/8', 'https://11.0.0.1', P],
  [P, '', 'example.com', 'https://a.example.com', ''],
  [P, '', '.example.com', 'https://example.com', P],
  [P, '', '.example.com', 'https://a.example.com', ''],
  [P, '', '*.example.com', 'https://a.example.com', ''],
  [P, '', '*.example.com', 'https://example.com', P],
  [P, '', 'xample.com', 'https://example.com', P],
  [P, '', '*', 'https://x', ''],
  [P, '', 'x:6443', 'https://x:6443', ''],
  [P, '', 'x:6443', 'https://x', P],
  [P, '', ' a , X ', 'https://x', ''],
  [P, '', '', 'https://localhost:6443', ''],
  [P, '', '', 'https://127.0.0.1:6443', ''],
  [P, '', '', 'https://[::1]:6443', ''],
  [P, '', 'fd00::/8', 'https://[fd00::1]:6443', ''],
  [P, '', '10.0.0.1', 'https://10.0.0.1:6443', ''],
  [P, '', '10.0.0.1:443', 'https://10.0.0.1:6443', P],
  [P, '', '10.0.0.1:443', 'https://10.0.0.1', ''],
  ['', P, '', 'https://x', ''],
  ['', P, '', 'http://x', P],
  [P, '', '', 'http://x', ''],
  ['p:3128', '', '', 'https://x', P],
  ['socks5://p:1080', '', '', 'https://x', 'socks5://p:1080'],
  [P, '', 'svc', 'https://kubernetes.default.svc', ''],
];

describe('the proxy of the environment', () => {
  for (const [https, http, none, url, answer] of PROXIES)
    it(`of ${url} is "${answer}" with HTTPS_PROXY=${https} HTTP_PROXY=${http} NO_PROXY=${none}`, () => {
      const env = { HTTPS_PROXY: https, HTTP_PROXY: http, NO_PROXY: none };
      assert.equal(proxyOf(new URL(url), env) ?? '', answer);
    });

  it('is found by its name in small letters, too', () => {
    assert.equal(proxyOf(new URL('https://x'), { https_proxy: P }), P);
    assert.equal(proxyOf(new URL('https://x'), { https_proxy: P, no_proxy: 'x' }), undefined);
  });
});
