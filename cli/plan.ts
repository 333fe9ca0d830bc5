import { Command } from 'commander';
import { InvalidResource, plan } from '../index.ts';
import type { Plan, Resource } from '../index.ts';
import type { AnyOperator } from '../worker/index.ts';
import { asStored, readManifests } from '../testing/manifests.ts';
import { loadOperators, UsageError } from './load-operators.ts';

export function planCommand(): Command {
  return new Command('plan')
    .description('Show what a resource would be turned into, with no cluster and no Temporal.')
    .argument('<module>', 'path of a module that exports one operator or several')
    .argument('<file>', 'YAML with one resource or several')
    .action(async (module: string, file: string) => {
      const operators = await loadOperators(module);
      const plans = (await readManifests(file)).flatMap((manifest) => {
        const resource = asStored<unknown>(manifest);
        const operator = operatorOf(operators, resource);
        return operator ? [described(planOf(operator, resource, file), resource)] : [];
      });
      if (plans.length === 0) {
        const kinds = operators.map(({ resource: { kind, group } }) => `${kind}.${group}`).join(' or ');
        throw new UsageError(`${file} holds no ${kinds}, and ${module} reconciles nothing else`);
      }
      process.stdout.write(`${plans.map(({ text }) => text).join('\n')}\n`);
      if (plans.some(({ isUnclear }) => isUnclear)) process.exitCode = 1;
    });
}

function operatorOf(
  operators: readonly AnyOperator[],
  { apiVersion, kind }: Resource,
): AnyOperator | undefined {
  const [group] = apiVersion.split('/');
  return operators.find(({ resource }) => resource.group === group && resource.kind === kind);
}

function planOf(operator: AnyOperator, resource: Resource, file: string): Plan {
  try {
    return plan(operator, resource);
  } catch (error) {
    if (error instanceof InvalidResource)
      throw new UsageError(
        `${file}: ${resource.kind} ${resource.metadata.name} is refused: ${error.message}`,
        { cause: error },
      );
    throw error;
  }
}

function described(
  { objects, stages, warnings, orderTrouble }: Plan,
  { kind, metadata }: Resource,
): { readonly text: string; readonly isUnclear: boolean } {
  const lines = [`${kind} ${metadata.name}: ${objects.length} objects`];
  const staged = new Set(stages.flatMap(({ workloads }) => workloads));
  for (const { key } of objects) if (!staged.has(key)) lines.push(`  ${key}`);
  for (const [index, { role, workloads }] of stages.entries())
    lines.push(`  stage ${index + 1}, ${role}: ${workloads.join(', ')}`);
  for (const warning of warnings) lines.push(`  note: ${warning}`);
  if (orderTrouble) lines.push(`  error: ${orderTrouble}; until then no stage begins`);
  return { text: lines.join('\n'), isUnclear: orderTrouble !== undefined };
}
