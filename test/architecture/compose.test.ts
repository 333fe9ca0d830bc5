import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { ROOT } from './imports.ts';

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly command?: readonly string[];
}

const FILE = join(ROOT, 'docker-compose.yml');
/** YAML anchors resolved; the words of the Compose file itself. */
const { services } = parse(readFileSync(FILE, 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};

describe('docker-compose.yml', () => {
  it('follows the Compose Specification, as docker compose config reads it', async () => {
    await promisify(execFile)('go', ['run', '.', FILE], {
      cwd: join(ROOT, 'tools/compose-check'),
      maxBuffer: 16 * 1024 * 1024,
    });
  });

  it('pins every image that it does not build', () => {
    const loose = Object.values(services).filter(
      ({ image, build }) => build === undefined && !/:v?\d+\.\d+(\.\d+)?[\w.-]*$/.test(image),
    );
    assert.deepEqual(loose, []);
  });

  it('waits for the health of what has a health check, and for the end of what has none', () => {
    const waits = Object.values(services).flatMap(({ depends_on = {} }) => Object.entries(depends_on));
    for (const [name, { condition }] of waits) {
      const expected = services[name]?.healthcheck ? 'service_healthy' : 'service_completed_successfully';
      assert.equal(condition, expected, name);
    }
  });

  it('builds an image whose preloaded module is built with it', () => {
    const [, module] =
      /--import=\/app\/dist\/(\S+)\.js/.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
    assert.ok(module && existsSync(join(ROOT, `${module}.ts`)), module);
  });

  it('runs an operator module that is here, as two roles', () => {
    const commands = [services['bridge'], services['worker']].map((service) => service?.command ?? []);
    for (const [verb, module = ''] of commands) {
      assert.equal(verb, 'run');
      assert.ok(existsSync(join(ROOT, module)), module);
    }
    assert.deepEqual(
      commands.map((words) => words[words.indexOf('--role') + 1]),
      ['bridge', 'worker'],
    );
  });
});

describe('Dockerfile', () => {
  const [build = '', image = ''] = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .split(/^FROM /m)
    .slice(1);

  it('names its user by number, so that a kubelet can tell that it is not root', () => {
    const [, uid] = /^USER (\d+):\d+$/m.exec(image) ?? [];
    assert.ok(Number(uid) > 0, image);
  });

  it('has certificates of authorities', () => {
    assert.match(image, /^RUN .*\bca-certificates\b/m);
  });

  it('takes the workflow bundle from the build of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    assert.match(build, /npm ci/);
    assert.equal(scripts['prepare'], 'npm run build');
    assert.match(scripts['build'] ?? '', /> dist\/workflow-bundle\.js$/);
    assert.match(image, /^COPY --from=build \/app\/dist dist$/m);
  });
});
