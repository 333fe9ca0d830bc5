import assert from 'node:assert/strict';

/** The one version of a ConfigMap or Secret among `keys`, given by its plain key: `ConfigMap/t1-b-config`. */
export function versionIn(keys: Iterable<string>, plain: string): string {
  const [found, ...others] = versionsIn(keys, plain);
  assert.ok(
    found !== undefined && others.length === 0,
    `not one version of ${plain}: ${[...keys].join(', ')}`,
  );
  return found;
}

/** All versions among `keys`. */
export function versionsIn(keys: Iterable<string>, plain: string): readonly string[] {
  return Array.from(keys).filter(
    (key) => key.startsWith(`${plain}-`) && /^[0-9a-f]{10}$/.test(key.slice(plain.length + 1)),
  );
}

/** The keys, with the versions among them under their plain names. */
export function unversioned(keys: Iterable<string>): readonly string[] {
  return Array.from(keys, (key) => key.replace(/^((?:ConfigMap|Secret)\/.*)-[0-9a-f]{10}$/, '$1'));
}
