/**
 * Configuration that pods read is immutable: each content of a ConfigMap or Secret is an object of its own, and a pod
 * template names the one it was made with. A pod that restarts in a stage that an upgrade has not reached reads what it
 * read before.
 */
import { invalid } from '../../api/invalid.ts';
import type { DesiredObject } from '../../api/objects.ts';
import { shortHash } from '../hash.ts';
import { LABELS, labelValue } from '../labels.ts';
import type { Manifest } from '../manifest.ts';
import type { ObjectKey } from '../refs.ts';
import { objectKey, parseObjectKey } from '../refs.ts';
import { isConfiguration } from './categories.ts';
import type { PlannedObject } from './plan.ts';
import type { Seal } from './seal.ts';
import { sealOf } from './seal.ts';
import { canonicalJson, mapText } from './text.ts';
import { renameConfiguration } from './templates.ts';

/** Of an object's name: a DNS subdomain. */
const LONGEST_NAME = 253;
const HASH_LENGTH = 10;

/** Where Kubernetes' own kinds, and most others, name a ConfigMap or Secret: `spec.tls.0.secretName`. */
const NAMES_CONFIGURATION = /^(?!.*\.(key|path)$).*(secret|configmap|resourcenames)/i;

/** Manifests of what is versioned, by its plain key. */
type Versions = ReadonlyMap<ObjectKey, Manifest>;

/**
 * The plan with the configuration that its pods read under the names of its versions.
 *
 * @throws InvalidResource when an object that is to be versioned says that it is mutable.
 */
export function withVersions(
  objects: readonly PlannedObject[],
  home: string | undefined,
  seal: Seal,
): readonly PlannedObject[] {
  const versions = versionsOf(objects, home, seal);
  if (versions.size === 0) return objects;
  const current = (key: ObjectKey): ObjectKey => {
    const name = versions.get(key)?.metadata.name;
    return name === undefined ? key : objectKey({ ...parseObjectKey(key, home), name }, home);
  };
  return objects.map((object) => {
    const read = new Set<ObjectKey>();
    const naming = renameConfiguration(object.manifest, home, (key, name) => {
      read.add(key);
      return versions.get(key)?.metadata.name ?? name;
    });
    return {
      ...object,
      key: current(object.key),
      manifest: versions.get(object.key) ?? naming,
      uses: object.uses.map(current),
      // Another version has another name in the template, which is change enough.
      configuration: object.configuration.filter((key) => !(read.has(key) && versions.has(key))).map(current),
    };
  });
}

/** What pod templates name, and nothing else does. */
function versionsOf(objects: readonly PlannedObject[], home: string | undefined, seal: Seal): Versions {
  const candidates = objects.filter(
    ({ key, desired }) => isConfiguration(key) && desired.options.versioned !== false,
  );
  const others = candidates.length > 0 ? objects.filter(({ key }) => !isConfiguration(key)) : [];
  const read = new Set<ObjectKey>();
  const named = new Set<string>();
  for (const { manifest } of others) {
    const rest = renameConfiguration(manifest, home, (key) => {
      read.add(key);
      return '';
    });
    mapText(rest, (text, path) => {
      if (NAMES_CONFIGURATION.test(path)) named.add(text);
      return text;
    });
  }
  return new Map(
    candidates
      .filter(({ key, desired }) => read.has(key) && !named.has(desired.name))
      .map(({ key, desired, manifest }) => [key, versionOf(key, desired, manifest, sealOf(key, seal))]),
  );
}

function versionOf(key: ObjectKey, { name, body }: DesiredObject, manifest: Manifest, seal: Seal): Manifest {
  if (body['immutable'] === false)
    throw invalid(key, 'says immutable: false, and is versioned; give it the option versioned: false');
  const { metadata } = manifest;
  return {
    ...manifest,
    metadata: {
      ...metadata,
      name: versionName(name, body, seal),
      labels: { ...metadata.labels, [LABELS.versionOf]: labelValue(name) },
    },
    immutable: true,
  };
}

/** Labels and annotations are no part of it: they can change where they are. */
function versionName(name: string, body: DesiredObject['body'], seal: Seal): string {
  const head = name.slice(0, LONGEST_NAME - HASH_LENGTH - 1);
  // A name that loses its end is told by the hash from others that begin alike.
  const content = head === name ? body : { ...body, name };
  const hash = seal(shortHash(canonicalJson(content))).slice(0, HASH_LENGTH);
  return `${head.replace(/[-.]+$/, '')}-${hash}`;
}
