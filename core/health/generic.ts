import type { Manifest } from '../manifest.ts';
import { groupOf, kindName } from '../refs.ts';
import type { Health } from './health.ts';
import { current, failed, inProgress } from './health.ts';
import { conditionOf, phrase, readNumber, readText, trueCondition } from './read.ts';

/**
 * Kinds whose controllers are known to write Ready. A resource of any other kind that says nothing is Current (kstatus), which
 * for these would only mean that nobody has looked at it yet.
 */
const KINDS_WITH_READY: ReadonlySet<string> = new Set([
  'Certificate.cert-manager.io',
  'ClusterIssuer.cert-manager.io',
  'Issuer.cert-manager.io',
  'ExternalSecret.external-secrets.io',
  'SecretStore.external-secrets.io',
  'HelmRelease.helm.toolkit.fluxcd.io',
  'Kustomization.kustomize.toolkit.fluxcd.io',
  'Kafka.kafka.strimzi.io',
  'KafkaTopic.kafka.strimzi.io',
  'Service.serving.knative.dev',
]);

/** What holds for every kind, before its own rule is asked; undefined when that rule decides. */
export function commonVerdict(object: Manifest): Health | undefined {
  if (readText(object, 'metadata', 'deletionTimestamp') !== '')
    return { state: 'Terminating', reason: 'Terminating', message: 'it is being deleted' };
  return (
    outdated(object) ??
    following(object, 'Reconciling', inProgress, 'it is reconciling') ??
    following(object, 'Stalled', failed, 'it is stalled')
  );
}

function outdated(object: Manifest): Health | undefined {
  const generation = readNumber(object, 'metadata', 'generation');
  const observed = readNumber(object, 'status', 'observedGeneration');
  return generation === undefined || observed === undefined || observed === generation
    ? undefined
    : inProgress('NotObserved', `its controller has seen generation ${observed} and not yet ${generation}`);
}

/** What an abnormal condition says, when it is True. */
function following(
  object: Manifest,
  type: string,
  verdict: (reason: string, message: string) => Health,
  otherwise: string,
): Health | undefined {
  const condition = trueCondition(object, type);
  return condition && verdict(condition.reason || type, phrase(condition.message) || otherwise);
}

/** For kinds whose controller always writes `observedGeneration`: a status without it is the API server's empty one. */
export function unobserved(object: Manifest): Health | undefined {
  return readNumber(object, 'status', 'observedGeneration') === undefined
    ? inProgress('NotObserved', 'its controller has not seen it yet')
    : undefined;
}

/** A kind without a rule of its own: the condition Ready when there is one, else it is as good as it can be told. */
export function generic(object: Manifest): Health {
  const ready = conditionOf(object, 'Ready');
  if (ready?.status === 'True') return current('it is ready');
  if (ready) return inProgress(ready.reason || 'NotReady', phrase(ready.message) || 'it is not ready');
  const kind = kindName({ group: groupOf(readText(object, 'apiVersion')), kind: readText(object, 'kind') });
  return KINDS_WITH_READY.has(kind)
    ? inProgress('NotObserved', 'its controller has not written the condition Ready yet')
    : current('it exists as applied');
}
