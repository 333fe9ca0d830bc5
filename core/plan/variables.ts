import type { Container, PodTemplate } from './templates.ts';

/**
 * The template with each variable of a container once. Of several of one name the last counts, as in a running pod; but
 * server-side apply takes `env` as a map by name, and refuses a name that is there twice.
 */
export function withEffectiveVariables(template: PodTemplate): PodTemplate {
  const { spec } = template;
  if (!spec) return template;
  const { containers, initContainers } = spec;
  return {
    ...template,
    spec: {
      ...spec,
      ...(containers ? { containers: containers.map(withEffective) } : {}),
      ...(initContainers ? { initContainers: initContainers.map(withEffective) } : {}),
    },
  };
}

function withEffective(container: Container): Container {
  const { env } = container;
  if (!env) return container;
  const last = new Map(env.map(({ name }, index) => [name, index]));
  return { ...container, env: env.filter(({ name }, index) => last.get(name) === index) };
}
