import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Operator, Plan, Resource } from '../../index.ts';
import {
  customResource,
  defineOperator,
  deployment,
  networkPolicy,
  object,
  persistentVolumeClaim,
  plan,
  podDisruptionBudget,
  service,
  statefulSet,
} from '../../index.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { Claimant } from '../../core/ownership.ts';
import { ownershipOf } from '../../core/ownership.ts';

interface Spec {
  readonly part: string;
  readonly workload: 'Deployment' | 'StatefulSet';
}
type Sample = Resource<Spec>;

const GROUP = 'data.dev';
const LABELS = { namespaces: ['a', 'a-b', 'b'], kinds: ['Pinot', 'Druid'] } as const;

/** Few words, so that names meet; some are so long that what is made of them is cut. */
const name = fc
  .array(fc.constantFrom('a', 'b', 'eu', 'prod', 'p'.repeat(30)), { minLength: 1, maxLength: 4 })
  .map((words) => words.join('-'));
const sample: fc.Arbitrary<Sample> = fc.record({
  apiVersion: fc.constant(`${GROUP}/v1`),
  kind: fc.constantFrom(...LABELS.kinds),
  metadata: fc.record({
    name,
    namespace: fc.constantFrom(...LABELS.namespaces),
    uid: fc.uuid(),
    generation: fc.constant(1),
  }),
  spec: fc.record({ part: name, workload: fc.constantFrom('Deployment' as const, 'StatefulSet' as const) }),
});

function operatorOf(kind: string): Operator<Spec> {
  return defineOperator(customResource<Spec>(`${GROUP}/v1`, kind), {
    name: 'op',
    desired({ spec: { part, workload } }, named) {
      const pod = { template: { spec: { containers: [{ name: 'main', image: 'example.org/a:1' }] } } };
      const peers = service(named(part), { ports: [{ port: 1 }] });
      const options = { role: 'server', uses: [peers] };
      const target =
        workload === 'Deployment'
          ? deployment(named(part), pod, options)
          : statefulSet(named(part), { serviceName: peers.name, ...pod }, options);
      const classes = [
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] },
        { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 1 },
        { apiVersion: 'v1', kind: 'Namespace' },
      ].map((manifest) => object({ ...manifest, metadata: { name: named(part) } }));
      return [
        target,
        podDisruptionBudget(named(part), { maxUnavailable: 1 }, { target }),
        networkPolicy(named(part), { policyTypes: ['Ingress'] }, { target }),
        networkPolicy(named(part, 'all'), { policyTypes: ['Ingress'] }),
        persistentVolumeClaim(named(part), { accessModes: ['ReadWriteOnce'] }),
        ...classes,
      ];
    },
  });
}

function planned(resource: Sample): Plan {
  return plan(operatorOf(resource.kind), resource);
}

function manifestsOf(resource: Sample): readonly Manifest[] {
  return planned(resource).objects.map(({ manifest }) => manifest);
}

function claimantOf({ kind, metadata: { namespace, name: own, uid } }: Sample): Claimant {
  return { group: GROUP, kind, ...(namespace ? { namespace } : {}), name: own, uid };
}

function identityOf({ kind, metadata }: Sample): string {
  return `${kind} ${metadata.namespace} ${metadata.name}`;
}

type Labels = Readonly<Record<string, string>>;

interface Body {
  readonly selector?: Labels & { readonly matchLabels?: Labels };
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly template?: { readonly metadata: { readonly labels: Labels } };
}

function specOf(manifest: Manifest): Body {
  return manifest['spec'] ?? {};
}

function selectorsOf(manifests: readonly Manifest[]): readonly Labels[] {
  return manifests.flatMap((manifest) => {
    const { selector, podSelector } = specOf(manifest);
    const labels = podSelector?.matchLabels ?? selector?.matchLabels ?? selector;
    return labels ? [labels] : [];
  });
}

function podsOf(manifests: readonly Manifest[]): readonly Labels[] {
  return manifests.flatMap((each) => {
    const { template } = specOf(each);
    return template ? [template.metadata.labels] : [];
  });
}

function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([label, value]) => labels[label] === value);
}

/** The API server gives no uid twice. */
const two = fc
  .tuple(sample, sample)
  .filter(([one, other]) => identityOf(one) !== identityOf(other) && one.metadata.uid !== other.metadata.uid);

describe('two resources, whatever they and their parts are called', () => {
  it("never select each other's pods, and each selects its own", () => {
    fc.assert(
      fc.property(two, ([one, other]) => {
        const [mine, theirs] = [manifestsOf(one), manifestsOf(other)];
        const selectors = selectorsOf(mine);
        assert.equal(selectors.length, 5);
        for (const selector of selectors) {
          assert.ok(podsOf(mine).every((labels) => selects(selector, labels)));
          assert.ok(!podsOf(theirs).some((labels) => selects(selector, labels)));
        }
      }),
    );
  });

  it('never have one object: of a name that meets, the one that has it has it alone', () => {
    fc.assert(
      fc.property(two, fc.uuid(), ([one, other], uid) => {
        fc.pre(uid !== one.metadata.uid);
        for (const live of manifestsOf(one)) {
          assert.equal(ownershipOf(live, claimantOf(one)).kind, 'ours');
          assert.equal(ownershipOf(live, { ...claimantOf(one), uid }).kind, 'former');
          const theirs = ownershipOf(live, claimantOf(other));
          assert.ok(theirs.kind === 'other', theirs.kind);
          assert.equal(`${theirs.holder.kind} ${theirs.holder.name}`, `${one.kind} ${one.metadata.name}`);
        }
      }),
    );
  });

  it('have no cluster-scoped object of one name when they live in two namespaces', () => {
    const apart = two.filter(([one, other]) => one.metadata.namespace !== other.metadata.namespace);
    fc.assert(
      fc.property(apart, ([one, other]) => {
        const names = (resource: Sample): readonly string[] =>
          manifestsOf(resource)
            .filter(({ kind, metadata }) => metadata.namespace === undefined && kind !== 'Namespace')
            .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
        assert.equal(names(one).length, 2);
        assert.deepEqual(
          names(one).filter((each) => names(other).includes(each)),
          [],
        );
      }),
    );
  });
});
