import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { CERTIFICATES, TlsFront } from '../support/tls-front.ts';
import { TWO_ROLES } from '../support/toy-operator.ts';
import { ToyStage } from '../support/toy-stage.ts';
import type { Surroundings } from './program.ts';
import { Program, ROOT } from './program.ts';

/** No passwd entry names it. */
const UID = 12_345;

/** The package as it is published, in a directory of root. */
async function buildPackage(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'durable-operator-built-'));
  await chmod(directory, 0o755);
  await copyFile(path.join(ROOT, 'package.json'), path.join(directory, 'package.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'));
  const run = promisify(execFile);
  const compiler = path.join(ROOT, 'node_modules/.bin/tsc');
  await run(compiler, ['-p', 'tsconfig.build.json', '--outDir', path.join(directory, 'dist')], { cwd: ROOT });
  const bundler = path.join(directory, 'dist/worker/bundle-workflows.js');
  const { stdout } = await run(process.execPath, [bundler], { maxBuffer: 64 * 1024 * 1024 });
  await writeFile(path.join(directory, 'dist/workflow-bundle.js'), stdout);
  return directory;
}

const isRoot = process.getuid?.() === 0;
const canBecomeAnother =
  isRoot && spawnSync(process.execPath, ['-e', '0'], { uid: UID, gid: 0, cwd: ROOT }).status === 0;
const skip = canBecomeAnother ? false : 'only root can start a program as another user';

describe(
  'the built program, as a user without a name, a home or a directory to write to',
  { skip, concurrency: 3 },
  () => {
    let stage: ToyStage;
    let directory: string;
    let module: string;
    let pod: Surroundings;
    before(async () => {
      stage = await ToyStage.open();
      await stage.stop();
      directory = await buildPackage();
      const kubeconfig = path.join(directory, 'kubeconfig');
      await copyFile(stage.sandbox.kubeconfig, kubeconfig);
      await chmod(kubeconfig, 0o644);
      module = path.join(directory, 'operator.mjs');
      const toy = JSON.stringify(path.join(ROOT, 'test/support/toy-operator.ts'));
      const name = JSON.stringify(stage.operator.name);
      await writeFile(
        module,
        `import { toyOperator } from ${toy};\nexport default toyOperator({ name: ${name} });\n`,
      );
      pod = {
        command: [path.join(directory, 'dist/cli/main.js')],
        cwd: directory,
        uid: UID,
        gid: 0,
        env: {
          HOME: undefined,
          NODE_COMPILE_CACHE: undefined,
          KUBECONFIG: kubeconfig,
          // As in an image without a package of certificates.
          SSL_CERT_FILE: '/nonexistent',
          SSL_CERT_DIR: directory,
        },
      };
    });
    after(async () => {
      await stage[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    });

    function run(address: string, env: Surroundings['env'], ...args: readonly string[]): Program {
      return Program.startIn(
        { ...pod, env: { ...pod.env, ...env } },
        'run',
        module,
        ...['--allow-namespace', stage.namespace, '--temporal-address', address, ...args],
      );
    }

    it('reconciles a resource', async () => {
      await using program = run(stage.sandbox.temporal.address, {});
      await program.logged('operator started');
      await stage.want(TWO_ROLES, 'podded');
      await stage.ready('podded');
    });

    it('knows who asks, by number', async () => {
      const { code, stdout } = await Program.startIn(pod, 'approve', '--help').ended;
      assert.equal(code, 0);
      assert.match(stdout, /who asks \(default: "uid 12345"\)/);
    });

    it('trusts a Temporal by the authorities of Node, where the system knows none', async () => {
      await using front = await TlsFront.of(stage.sandbox.temporal.address);
      const env = { TEMPORAL_TLS: 'true', NODE_EXTRA_CA_CERTS: CERTIFICATES.authority };
      await using program = run(`localhost:${front.port}`, env);
      await program.logged('operator started');
    });

    const refusals: readonly (readonly [string, boolean, Record<string, string>, string])[] = [
      [
        'an authority it does not know',
        false,
        { TEMPORAL_TLS: 'true' },
        'Temporal at localhost:PORT cannot be reached by TLS: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN)',
      ],
      [
        'a certificate of another name',
        false,
        {
          TEMPORAL_TLS_SERVER_CA_CERT_PATH: CERTIFICATES.authority,
          TEMPORAL_TLS_SERVER_NAME: 'other.example',
        },
        "Temporal at localhost:PORT cannot be reached by TLS: Host: other.example. is not in the cert's altnames: DNS:localhost, DNS:tls.example, IP Address:127.0.0.1 (ERR_TLS_CERT_ALTNAME_INVALID)",
      ],
      [
        'a server that asks for a certificate',
        true,
        { TEMPORAL_TLS_SERVER_CA_CERT_PATH: CERTIFICATES.authority },
        'Temporal at localhost:PORT cannot be reached by TLS: tlsv13 alert certificate required (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)',
      ],
      [
        'a server that asks for TLS',
        false,
        {},
        'Temporal at localhost:PORT asks for TLS; set TEMPORAL_TLS=true',
      ],
    ];
    for (const [what, asksForCertificate, env, line] of refusals)
      it(`ends in one line before ${what}`, async () => {
        await using front = await TlsFront.of(stage.sandbox.temporal.address, { asksForCertificate });
        const { code, stderr } = await run(`localhost:${front.port}`, env, '--log-level', 'error').ended;
        assert.deepEqual([code, stderr], [1, `error: ${line.replace('PORT', String(front.port))}\n`]);
      });

    it('ends in one line where Temporal has no such namespace', async () => {
      const { address } = stage.sandbox.temporal;
      const { code, stderr } = await run(address, {}, '--temporal-namespace', 'nowhere').ended;
      const line = `Temporal at ${address} has no namespace "nowhere"; create it, or name another with --temporal-namespace`;
      assert.deepEqual([code, stderr], [1, `error: ${line}\n`]);
    });
  },
);
