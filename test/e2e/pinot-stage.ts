/** The Pinot example on stage, and changes of its samples. */
import type { Manifest } from '../../core/manifest.ts';
import type { ResourceStatus } from '../../core/status/resource-status.ts';
import type { PinotSpec } from '../../examples/pinot/pinot.ts';
import type { Place } from './example-stage.ts';
import { ExampleStage } from './example-stage.ts';

export type Pinot = Manifest & { readonly spec: PinotSpec; readonly status?: ResourceStatus };

export function openPinotStage(place?: Place): Promise<ExampleStage<Pinot>> {
  return ExampleStage.open<Pinot>({ folder: 'pinot', group: 'datainfra.io', kind: 'Pinot' }, place);
}

/** The same whose pods take so long until they are ready, so that an order can be seen. */
export function slow(pinot: Pinot, ms: number): Pinot {
  const { spec } = pinot;
  const k8sConfig = spec.k8sConfig.map((each) => ({ ...each, image: `${each.image}-slow-${ms}` }));
  return { ...pinot, spec: { ...spec, k8sConfig } };
}

/** The same with one more line in every configuration. */
export function configured(pinot: Pinot, line: string): Pinot {
  const { spec } = pinot;
  const pinotNodeConfig = spec.pinotNodeConfig.map((each) => ({ ...each, data: `${each.data}${line}\n` }));
  return { ...pinot, spec: { ...spec, pinotNodeConfig } };
}
