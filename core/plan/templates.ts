/** Pod templates inside manifests: where they are, and which ConfigMaps and Secrets their pods use. */

interface Named {
  readonly name?: string;
}
export interface Container {
  readonly envFrom?: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[];
  readonly env?: readonly {
    readonly name?: string;
    readonly valueFrom?: { readonly configMapKeyRef?: Named; readonly secretKeyRef?: Named };
  }[];
}
interface Volume {
  readonly configMap?: Named;
  readonly secret?: { readonly secretName?: string };
  readonly projected?: {
    readonly sources?: readonly { readonly configMap?: Named; readonly secret?: Named }[];
  };
}
export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes?: readonly Volume[];
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

/** Names of the ConfigMaps and Secrets a pod of this template reads. Pull secrets do not count: they are no configuration. */
export function configurationOf(template: PodTemplate): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  const note = (names: Set<string>, name: string | undefined): void => void (name && names.add(name));
  for (const { configMap, secret, projected } of template.spec?.volumes ?? []) {
    note(configMaps, configMap?.name);
    note(secrets, secret?.secretName);
    for (const source of projected?.sources ?? []) {
      note(configMaps, source.configMap?.name);
      note(secrets, source.secret?.name);
    }
  }
  for (const container of [...(template.spec?.initContainers ?? []), ...(template.spec?.containers ?? [])]) {
    for (const from of container.envFrom ?? []) {
      note(configMaps, from.configMapRef?.name);
      note(secrets, from.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      note(configMaps, valueFrom?.configMapKeyRef?.name);
      note(secrets, valueFrom?.secretKeyRef?.name);
    }
  }
  return { configMaps, secrets };
}
