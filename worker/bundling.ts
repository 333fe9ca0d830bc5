/** How the workflow code becomes one file. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleOptions } from '@temporalio/worker';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const WORKFLOWS = join(ROOT, 'workflows', `index${EXTENSION}`);

type Bundling = 'workflowsPath' | 'workflowInterceptorModules' | 'preloadModules' | 'webpackConfigHook';

export const BUNDLING: Pick<BundleOptions, Bundling> = {
  workflowsPath: WORKFLOWS,
  workflowInterceptorModules: [join(ROOT, 'workflows', `clock${EXTENSION}`)],
  // None of our modules holds state, so all workflows of a worker share them: they are compiled once, and get hot.
  preloadModules: [WORKFLOWS],
  webpackConfigHook: (config) => ({
    ...config,
    module: { ...config.module, rules: (config.module?.rules ?? []).map(asWritten) },
  }),
};

type Rule = NonNullable<
  NonNullable<ReturnType<NonNullable<BundleOptions['webpackConfigHook']>>['module']>['rules']
>[number];

/** Private fields and spread stay what they are: as WeakMaps and helper functions they cost several times as much. */
function asWritten(rule: Rule): Rule {
  if (typeof rule !== 'object' || rule === null) return rule;
  const { use } = rule;
  if (typeof use !== 'object' || !('options' in use) || typeof use.options !== 'object') return rule;
  const jsc: unknown = use.options['jsc'];
  const compiler = Object.assign({}, jsc, { target: 'es2022' });
  return { ...rule, use: { ...use, options: { ...use.options, jsc: compiler } } };
}

const SOURCE_MAP = /\/\/# sourceMappingURL=data:[^,]*;base64,(?<map>[A-Za-z0-9+/=]+)\s*$/;

/** Positions are enough for a stack trace; the sources themselves would take megabytes of every worker. */
export function withoutSources(code: string): string {
  const map = SOURCE_MAP.exec(code)?.groups?.['map'];
  if (map === undefined) return code;
  const { sourcesContent: _, ...lean } = JSON.parse(Buffer.from(map, 'base64').toString());
  return code.replace(map, Buffer.from(JSON.stringify(lean)).toString('base64'));
}
