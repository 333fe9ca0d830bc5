import { readFile } from 'node:fs/promises';
import type { Resource } from 'durable-operator';
import type { Cluster } from 'durable-operator/testing';
import { BEHAVIOUR_ANNOTATION, eventually } from 'durable-operator/testing';
import { parse } from 'yaml';
import type { PinotSpec } from '../pinot.ts';
import type { ClusterView, StageView } from './cluster-view.ts';
import { isSettled, PINOT } from './cluster-view.ts';
import type { Scene } from './steps.ts';
import { StepFailed, watchUntil } from './steps.ts';

type Manifest = Parameters<Cluster['apply']>[0];

export type Pinot = Manifest & Pick<Resource<PinotSpec>, 'spec'>;

const WRITER = { fieldManager: 'demo' };
const SETTING = 'pinot.demo.release=2';

/** The four-node sample, with pods that take a moment to become ready. */
export async function samplePinot(podSeconds: number): Promise<Pinot> {
  const sample = await manifestIn<Pinot>('../samples/pinot.yaml');
  const annotations = { [BEHAVIOUR_ANNOTATION]: `slow-${podSeconds * 1000}` };
  const k8sConfig = sample.spec.k8sConfig.map((config) => ({ ...config, podMetadata: { annotations } }));
  const metadata = { ...sample.metadata, namespace: PINOT.namespace };
  return { ...sample, metadata, spec: { ...sample.spec, k8sConfig } };
}

/** Teaches the API server the kind Pinot, and waits until it serves it. */
export async function installSchema(cluster: Cluster): Promise<void> {
  await cluster.apply(await manifestIn<Manifest>('../crd.yaml'), WRITER);
  await eventually('the API server serves Pinot', () => cluster.servedKind(PINOT));
}

export async function install(scene: Scene, pinot: Pinot): Promise<void> {
  await scene.cluster.apply(pinot, WRITER);
  await watchUntil(scene, { what: 'installing the four nodes', seconds: 90, until: isSettled });
}

/** A new setting for every node: the node types change one after the other, each when the one before is ready. */
export async function changeEveryConfig(scene: Scene, pinot: Pinot): Promise<void> {
  const pinotNodeConfig = pinot.spec.pinotNodeConfig.map((config) => ({
    ...config,
    data: `${config.data}${SETTING}\n`,
  }));
  const { object } = await scene.cluster.apply(
    { ...pinot, spec: { ...pinot.spec, pinotNodeConfig } },
    WRITER,
  );
  const generation = object.metadata.generation ?? 0;
  const views = await watchUntil(scene, {
    what: 'rolling out the new configuration',
    seconds: 180,
    until: (view) => view.generation === generation && isSettled(view),
  });
  const settled = views.at(-1);
  if (!settled) return;
  requireOrder(settled, pinot.spec.deploymentOrder);
  const { stages = [], seconds } = settled.status.rollout ?? {};
  scene.screen.say(
    `   in order, in ${seconds} s: ${stages.map((stage) => `${stage.name} ${stage.seconds} s`).join(', ')}`,
  );
}

/** @throws StepFailed unless each stage began when the one before was done. */
function requireOrder({ status }: ClusterView, order: readonly string[]): void {
  const stages = status.rollout?.stages ?? [];
  const names = stages.map(({ name }) => name);
  if (names.join() !== order.join())
    throw new StepFailed(`the rollout went through ${names.join(', ')}, and not ${order.join(', ')}`);
  stages.reduce<StageView | undefined>((before, stage) => {
    if (before && !(Date.parse(before.finishedAt ?? '') <= Date.parse(stage.startedAt ?? '')))
      throw new StepFailed(`${stage.name} began at ${stage.startedAt}, before ${before.name} was done`);
    return stage;
  }, undefined);
}

/** Somebody scales the brokers by hand and deletes a ConfigMap; both are put right with no change of the Pinot. */
export async function editByHand(scene: Scene, pinot: Pinot): Promise<void> {
  const { cluster, name } = scene;
  const { namespace } = PINOT;
  const broker = { group: 'apps', kind: 'StatefulSet', namespace, name: `${name}-broker` };
  const wanted = pinot.spec.nodes.find((node) => node.name === 'broker')?.replicas;
  const labelSelector = `durable-operator.dev/version-of=${name}-server-config`;
  const { items } = await cluster.list({ group: '', kind: 'ConfigMap' }, { namespace, labelSelector });
  const [doomed] = items;
  if (!doomed?.metadata.uid)
    throw new StepFailed(`ConfigMap ${name}-server-config is not there to be deleted`);
  const config = { group: '', kind: 'ConfigMap', namespace, name: doomed.metadata.name };
  await cluster.patch(broker, [{ op: 'replace', path: '/spec/replicas', value: 5 }]);
  await cluster.remove(config, { uid: doomed.metadata.uid });
  await watchUntil(scene, {
    what: 'repairing what was edited by hand',
    seconds: 60,
    until: async (view) => {
      const restored = await cluster.get(config);
      const brokers = view.nodes.find((node) => node.name === broker.name);
      return (
        restored !== undefined &&
        restored.metadata.uid !== doomed.metadata.uid &&
        brokers?.replicas === wanted &&
        brokers?.ready === wanted
      );
    },
  });
  await watchUntil(scene, { what: 'becoming ready after the repair', seconds: 60, until: isSettled });
}

async function manifestIn<Shape>(file: string): Promise<Shape> {
  return parse(await readFile(new URL(file, import.meta.url), 'utf8'));
}
