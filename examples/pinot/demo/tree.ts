import type { Formatter } from 'picocolors/types.js';
import type { ClusterView, NodeView, StageView } from './cluster-view.ts';
import { conditionOf } from './cluster-view.ts';

/** How the tree is coloured; plain text for a file or a pipe. */
export type Paint = Readonly<Record<'bold' | 'dim' | 'green' | 'red' | 'yellow', Formatter>>;

/** The Pinot, its node types in the order in which they change, and under each its objects. */
export function treeOf(view: ClusterView, paint: Paint): readonly string[] {
  const stages = view.status.rollout?.stages ?? [];
  const listed = stages.map(({ name }) => name);
  const types = [...new Set([...listed, ...view.nodes.map(({ nodeType }) => nodeType)])];
  return [
    titleOf(view, paint),
    ...types.flatMap((type, index) => {
      const last = index === types.length - 1;
      const nodes = view.nodes.filter(({ nodeType }) => nodeType === type);
      const stage = stages.filter(({ name }) => name === type);
      return [
        `${last ? '└─' : '├─'} ${stageLine(type, stage, paint)}`,
        ...branch(nodes, last ? '   ' : '│  ', paint),
      ];
    }),
  ];
}

function titleOf(view: ClusterView, paint: Paint): string {
  const ready = conditionOf(view, 'Ready');
  const stalled = conditionOf(view, 'Stalled');
  const said = stalled?.status === 'True' ? stalled : ready;
  const isSeen = view.status.observedGeneration === view.generation;
  const state = said && isSeen ? `${said.reason}: ${said.message}` : 'not seen yet';
  const colour = !isSeen
    ? paint.yellow
    : stalled?.status === 'True'
      ? paint.red
      : ready?.status === 'True'
        ? paint.green
        : paint.yellow;
  const { ready: count = '-' } = view.status;
  return `${paint.bold(`Pinot ${view.name}`)} generation ${view.generation}, ready ${count}, ${colour(state)}`;
}

function stageLine(type: string, stages: readonly StageView[], paint: Paint): string {
  const colours: Readonly<Record<string, Formatter>> = {
    Done: paint.green,
    Rolling: paint.yellow,
    Failed: paint.red,
  };
  const states = stages.map(({ state, seconds }) =>
    (colours[state] ?? paint.dim)(state === 'Done' && seconds !== undefined ? `Done in ${seconds} s` : state),
  );
  return `${paint.bold(type)} ${states.join(', ')}`.trimEnd();
}

function branch(nodes: readonly NodeView[], indent: string, paint: Paint): readonly string[] {
  const leaves = nodes.flatMap(({ kind, name, ready, replicas, objects }) => [
    `${kind} ${name} ${(ready === replicas ? paint.green : paint.yellow)(`${ready}/${replicas} ready`)}`,
    ...objects.map((object) => paint.dim(object)),
  ]);
  return leaves.map((leaf, index) => `${indent}${index === leaves.length - 1 ? '└─' : '├─'} ${leaf}`);
}
