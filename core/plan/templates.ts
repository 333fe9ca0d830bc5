/** Pod templates inside manifests: where they are, and which ConfigMaps and Secrets their pods read. */
import type { Manifest } from '../manifest.ts';
import type { ObjectKey } from '../refs.ts';
import { groupOf, kindName, objectKey } from '../refs.ts';
import { CATEGORIES, categoryOfKind } from './categories.ts';
import { mapText } from './text.ts';

export interface Container {
  readonly env?: readonly { readonly name?: string }[];
}
export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}
interface Templated {
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
}

type Body = Readonly<Record<string, unknown>>;

/** The pod template of a workload's manifest, wherever its kind keeps it. */
export function templateOf(body: Body): PodTemplate | undefined {
  const spec = body['spec'] as Templated | undefined;
  return spec?.template ?? spec?.jobTemplate?.spec?.template;
}

/** The manifest with another pod template in the place of its own. */
export function withTemplate<B extends Body>(body: B, template: PodTemplate): B {
  const spec = body['spec'] as Templated | undefined;
  if (!spec?.jobTemplate) return { ...body, spec: { ...spec, template } };
  return {
    ...body,
    spec: { ...spec, jobTemplate: { ...spec.jobTemplate, spec: { ...spec.jobTemplate.spec, template } } },
  };
}

/** Where a pod spec names the ConfigMaps and Secrets its pods read. Pull secrets are none: they are no configuration. */
const REFERENCES: Readonly<Record<string, readonly RegExp[]>> = {
  ConfigMap: [
    /^(initC|c)ontainers\.\d+\.(env\.\d+\.valueFrom\.configMapKeyRef|envFrom\.\d+\.configMapRef)\.name$/,
    /^volumes\.\d+\.(projected\.sources\.\d+\.)?configMap\.name$/,
  ],
  Secret: [
    /^(initC|c)ontainers\.\d+\.(env\.\d+\.valueFrom\.secretKeyRef|envFrom\.\d+\.secretRef)\.name$/,
    /^volumes\.\d+\.(secret\.secretName|projected\.sources\.\d+\.secret\.name)$/,
  ],
};

/**
 * A workload's manifest with other names where its pod template names ConfigMaps and Secrets; any other manifest as it is.
 *
 * @param home the namespace of the resource.
 * @param rename is given each reference by key and name, and answers with the name it is to have.
 */
export function renameConfiguration(
  manifest: Manifest,
  home: string | undefined,
  rename: (key: ObjectKey, name: string) => string,
): Manifest {
  const kind = kindName({ group: groupOf(manifest.apiVersion), kind: manifest.kind });
  const template = categoryOfKind(kind) === CATEGORIES.Workloads ? templateOf(manifest) : undefined;
  if (!template?.spec) return manifest;
  const { namespace } = manifest.metadata;
  const spec = mapText(template.spec, (name, path) => {
    const referred = Object.entries(REFERENCES).find(([, patterns]) =>
      patterns.some((each) => each.test(path)),
    );
    if (!referred) return name;
    const ref = { group: '', kind: referred[0], ...(namespace ? { namespace } : {}), name };
    return rename(objectKey(ref, home), name);
  });
  return withTemplate(manifest, { ...template, spec });
}

/** The ConfigMaps and Secrets that pods of a workload read. */
export function configurationOf(manifest: Manifest, home: string | undefined): ReadonlySet<ObjectKey> {
  const read = new Set<ObjectKey>();
  renameConfiguration(manifest, home, (key, name) => {
    read.add(key);
    return name;
  });
  return read;
}
