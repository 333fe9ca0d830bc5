import { BEHAVIOUR_ANNOTATION, BEHAVIOURS } from './behaviour.ts';
import type { ClusterApi } from './cluster-api.ts';

const NAME = 'sandbox.durable-operator.dev-unschedulable';
const GROUP = '/apis/admissionregistration.k8s.io/v1';

/** Asks of a pod that is to be unschedulable a node that does not exist, so that the real scheduler refuses it. */
export async function createUnschedulablePolicy(api: ClusterApi, signal: AbortSignal): Promise<void> {
  const word = BEHAVIOURS.unschedulable;
  const byTag = `object.spec.containers.exists(c, c.image.matches('[:-]${word}$'))`;
  const byAnnotation = `object.metadata.?annotations[?'${BEHAVIOUR_ANNOTATION}'].orValue('') == '${word}'`;
  const selector = `{'${BEHAVIOUR_ANNOTATION}': '${word}'}`;
  // Only a JSON patch may change an atomic map.
  const patch = `[JSONPatch{op: 'add', path: '/spec/nodeSelector', value: ${selector}}]`;
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: NAME },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      matchConditions: [{ name: 'unschedulable', expression: `${byTag} || ${byAnnotation}` }],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: patch } }],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: NAME },
    spec: { policyName: NAME },
  };
  await api.expect({ method: 'POST', path: `${GROUP}/mutatingadmissionpolicies`, body: policy, signal }, 409);
  await api.expect(
    { method: 'POST', path: `${GROUP}/mutatingadmissionpolicybindings`, body: binding, signal },
    409,
  );
}
