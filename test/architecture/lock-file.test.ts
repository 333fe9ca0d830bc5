import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ROOT } from './imports.ts';

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
}

const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')) as {
  packages: Readonly<Record<string, Locked>>;
};

describe('package-lock.json', () => {
  // npm leaves out what a registry does not have yet, and `npm ci` then refuses the file on every machine.
  it('holds the package of every platform that a dependency names', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !placesOf(path, name).some((place) => place in packages))
        .map((name) => `${path} needs ${name}: take a version that is there for every platform`),
    );
    assert.deepEqual(missing, []);
  });

  it('names no registry of its own', () => {
    const foreign = Object.values(packages).filter(({ resolved }) => resolved?.startsWith('http'));
    assert.deepEqual(foreign, []);
  });
});

/** Where Node looks for `name` from a package at `path`. */
function placesOf(path: string, name: string): string[] {
  const steps = path === '' ? [] : path.split('/node_modules/');
  const above = steps.map(
    (_, index) => `${steps.slice(0, index + 1).join('/node_modules/')}/node_modules/${name}`,
  );
  return [...above, `node_modules/${name}`];
}
