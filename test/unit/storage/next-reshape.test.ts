import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANNOTATIONS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { Journal, ShapeSight } from '../../../core/storage/next-reshape.ts';
import { reshaped } from '../../../core/storage/shape.ts';
import {
  lossOf,
  nextReshape,
  ONLINE_GROWTH_MS,
  RECREATION_MANAGER,
} from '../../../core/storage/next-reshape.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const IMMUTABLE = {
  aboutShape: true,
  reason: 'Invalid',
  message: 'spec.volumeClaimTemplates: field is immutable',
};

function statefulSet(storage: string, uid = 'sts-1', over: Partial<Manifest['metadata']> = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', uid, generation: 1, annotations: { [ANNOTATIONS.digest]: storage }, ...over },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'db' } },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { resources: { requests: { storage } } } }],
    },
    status: {
      observedGeneration: 1,
      replicas: 2,
      readyReplicas: 2,
      updatedReplicas: 2,
      currentRevision: 'r1',
      updateRevision: 'r1',
    },
  };
}

function claim(name: string, requested: string, capacity: string, status: object = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, uid: `uid-${name}` },
    spec: { storageClassName: 'fast', resources: { requests: { storage: requested } } },
    status: { phase: 'Bound', capacity: { storage: capacity }, ...status },
  };
}

function pod(name: string, owner: string | undefined): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: `uid-${name}`,
      labels: { 'controller-revision-hash': 'r1' },
      ...(owner
        ? {
            ownerReferences: [
              { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: owner, controller: true },
            ],
          }
        : {}),
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

const JOURNAL: Journal = {
  uid: 'sts-1',
  manifest: statefulSet('1Gi'),
  pods: { 'db-0': 'uid-db-0', 'db-1': 'uid-db-1' },
};

function sight(over: Partial<ShapeSight> = {}): ShapeSight {
  return {
    desired: statefulSet('2Gi', ''),
    live: statefulSet('1Gi'),
    journal: undefined,
    claims: [claim('data-db-0', '2Gi', '2Gi'), claim('data-db-1', '2Gi', '2Gi')],
    pods: [pod('db-0', 'sts-1'), pod('db-1', 'sts-1')],
    classes: new Map([
      [
        'fast',
        {
          apiVersion: 'storage.k8s.io/v1',
          kind: 'StorageClass',
          metadata: { name: 'fast' },
          allowVolumeExpansion: true,
        },
      ],
    ]),
    refusal: IMMUTABLE,
    now: NOW,
    ...over,
  };
}

describe('the next step to another shape', () => {
  it('is to grow the claims that are too small, those of this StatefulSet and no others', () => {
    const claims = [
      claim('data-db-0', '1Gi', '1Gi'),
      claim('data-db-7', '1Gi', '1Gi'),
      claim('data-db-1', '2Gi', '2Gi'),
      claim('data-db-other-0', '1Gi', '1Gi'),
      claim('logs-db-0', '1Gi', '1Gi'),
    ];
    assert.deepEqual(nextReshape(sight({ claims })), {
      kind: 'grow',
      claims: [
        { name: 'data-db-0', uid: 'uid-data-db-0', storage: '2Gi' },
        { name: 'data-db-7', uid: 'uid-data-db-7', storage: '2Gi' },
      ],
    });
  });

  it('compares quantities, not their spelling', () => {
    const desired = statefulSet('2048Mi', '');
    assert.deepEqual(nextReshape(sight({ desired, refusal: undefined })), { kind: 'done' });
  });

  it('is to wait while a driver works, and says how far it is', () => {
    const step = nextReshape(sight({ claims: [claim('data-db-0', '2Gi', '1Gi')] }));
    assert.deepEqual(step, { kind: 'wait', reason: 'Resizing', message: 'data-db-0: 1Gi of 2Gi there' });
  });

  it('is to take back an expansion that cannot succeed, when less is asked for', () => {
    const status = { allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } };
    const stuck = [claim('data-db-0', '9Gi', '1Gi', status)];
    const lowered = nextReshape(sight({ claims: stuck }));
    assert.equal(lowered.kind === 'grow' && lowered.claims[0]?.storage, '2Gi');
    const failed = nextReshape(sight({ claims: [claim('data-db-0', '2Gi', '1Gi', status)] }));
    assert.equal(failed.kind === 'refuse' && failed.reason, 'ResizeFailed');
  });

  it('touches nothing when a claim would shrink, or its class cannot expand, or the server refuses anything else', () => {
    const shrunk = nextReshape(sight({ desired: statefulSet('512Mi', '') }));
    assert.equal(shrunk.kind === 'refuse' && shrunk.reason, 'ClaimWouldShrink');
    const stiff = nextReshape(sight({ claims: [claim('data-db-0', '1Gi', '1Gi')], classes: new Map() }));
    assert.equal(stiff.kind === 'refuse' && stiff.reason, 'ClassCannotExpand');
    const refusal = { aboutShape: false, reason: 'Invalid', message: 'spec.template: Required value' };
    assert.deepEqual(nextReshape(sight({ refusal, claims: [claim('data-db-0', '1Gi', '1Gi')] })), {
      kind: 'refuse',
      reason: 'Invalid',
      message: refusal.message,
    });
  });

  it('is to release the pods once all claims are as large as wanted, and the server keeps to its shape', () => {
    assert.deepEqual(nextReshape(sight()), { kind: 'release', uid: 'sts-1' });
    assert.deepEqual(nextReshape(sight({ refusal: undefined })), { kind: 'done' });
  });

  it('is to make it anew when it is gone and was written down, whatever is wanted by now', () => {
    for (const desired of [statefulSet('2Gi', ''), statefulSet('1Gi', '')])
      assert.deepEqual(nextReshape(sight({ desired, live: undefined, journal: JOURNAL })), {
        kind: 'recreate',
      });
    assert.deepEqual(nextReshape(sight({ live: undefined })), { kind: 'done' });
  });

  it('is to wait while it is being deleted', () => {
    const live = statefulSet('1Gi', 'sts-1', { deletionTimestamp: '2026-01-01T11:59:59Z' });
    const step = nextReshape(sight({ live, journal: JOURNAL }));
    assert.equal(step.kind === 'wait' && step.reason, 'Recreating');
  });

  it('is to give fields back, then to wait for the adoption of every pod, then to settle', () => {
    const managedFields = [{ manager: RECREATION_MANAGER, operation: 'Update' }];
    const after = { live: statefulSet('2Gi', 'sts-2'), journal: JOURNAL, refusal: undefined };
    const owned = { ...after, live: statefulSet('2Gi', 'sts-2', { managedFields }) };
    assert.deepEqual(nextReshape(sight(owned)), { kind: 'recreate' });
    const adopting = nextReshape(sight({ ...after, pods: [pod('db-0', 'sts-2'), pod('db-1', undefined)] }));
    assert.deepEqual(adopting, { kind: 'wait', reason: 'Recreating', message: 'pods db-1 not adopted yet' });
    const adopted = { ...after, pods: [pod('db-0', 'sts-2'), pod('db-1', 'sts-2')] };
    assert.deepEqual(nextReshape(sight(adopted)), { kind: 'settle' });
    // One that somebody drained meanwhile is not waited for.
    assert.deepEqual(nextReshape(sight({ ...adopted, pods: [pod('db-0', 'sts-2')] })), { kind: 'settle' });
  });

  it('does not try again what the server refused and was put back, before another is wanted', () => {
    const journal = {
      ...JOURNAL,
      refused: { digest: '2Gi', reason: 'Forbidden', message: 'a webhook says no' },
    };
    const back = {
      live: statefulSet('1Gi', 'sts-2'),
      journal,
      pods: [pod('db-0', 'sts-2'), pod('db-1', 'sts-2')],
    };
    assert.deepEqual(nextReshape(sight(back)), {
      kind: 'refuse',
      reason: 'Forbidden',
      message: 'a webhook says no',
    });
    assert.deepEqual(nextReshape(sight({ ...back, desired: statefulSet('3Gi', '') })), { kind: 'settle' });
  });

  it('restarts the last pod whose file system did not grow in time, when all pods are ready', () => {
    const pending = (ms: number): object => ({
      conditions: [
        {
          type: 'FileSystemResizePending',
          status: 'True',
          lastTransitionTime: new Date(NOW - ms).toISOString(),
        },
      ],
    });
    const claims = (ms: number): Manifest[] =>
      ['data-db-0', 'data-db-1', 'data-db-5'].map((name) => claim(name, '2Gi', '1Gi', pending(ms)));
    const view = { live: statefulSet('2Gi'), refusal: undefined };
    const early = nextReshape(sight({ ...view, claims: claims(ONLINE_GROWTH_MS / 2) }));
    assert.equal(early.kind, 'wait');
    const late = sight({ ...view, claims: claims(ONLINE_GROWTH_MS * 2) });
    assert.deepEqual(nextReshape(late), { kind: 'restart', pod: 'db-1', uid: 'uid-db-1' });
    // Away, and not back: the next one waits.
    assert.equal(nextReshape({ ...late, pods: [pod('db-0', 'sts-1')] }).kind, 'wait');
  });
});

describe('the next step of a workload whose selector is another', () => {
  const other = (manifest: Manifest): Manifest => ({
    ...manifest,
    spec: { ...Object(manifest['spec']), selector: { matchLabels: { app: 'other' } } },
  });
  const desired = other(statefulSet('1Gi', ''));
  const approval = { token: '0123abcd', given: true };

  it('is refused with what approves it, before anything is touched', () => {
    const step = nextReshape(sight({ desired, approval: { ...approval, given: false } }));
    assert.ok(step.kind === 'refuse' && step.reason === 'ApprovalRequired');
    assert.equal(step.token, '0123abcd');
    assert.match(step.message, /undo it, or durable-operator\.dev\/approve=0123abcd/);
    assert.equal(nextReshape(sight({ desired })).kind, 'refuse');
  });

  it('is to delete it, then its pods, then to make it anew, then to settle', () => {
    const why = 'is replaced together with its pods, since its selector changes';
    assert.deepEqual(nextReshape(sight({ desired, approval })), { kind: 'replace', uid: 'sts-1', why });
    const away = { desired, approval, live: undefined, journal: JOURNAL };
    const orphans = [pod('db-0', undefined), pod('db-1', undefined), pod('stranger', undefined)];
    assert.deepEqual(nextReshape(sight({ ...away, pods: orphans })), {
      kind: 'clear',
      pods: [
        { name: 'db-0', uid: 'uid-db-0' },
        { name: 'db-1', uid: 'uid-db-1' },
      ],
    });
    const [leaving] = orphans.map((each) => ({
      ...each,
      metadata: { ...each.metadata, deletionTimestamp: '2026-01-01T11:59:59Z' },
    }));
    assert.equal(nextReshape(sight({ ...away, pods: leaving ? [leaving] : [] })).kind, 'wait');
    assert.deepEqual(nextReshape(sight({ ...away, pods: [] })), { kind: 'recreate' });
    const live = other(statefulSet('1Gi', 'sts-2'));
    assert.deepEqual(nextReshape(sight({ ...away, live, pods: [], refusal: undefined })), { kind: 'settle' });
  });

  it('is to make it anew around its pods when the former selector is wanted again in the middle', () => {
    const pods = [pod('db-0', undefined), pod('db-1', undefined)];
    assert.deepEqual(nextReshape(sight({ live: undefined, journal: JOURNAL, pods })), { kind: 'recreate' });
  });
});

describe('the next step of a StatefulSet whose claim templates are others', () => {
  const withClaims = (manifest: Manifest, ...names: readonly string[]): Manifest => {
    const spec = Object(manifest['spec']);
    const volumeClaimTemplates = names.map((name) => ({
      ...spec.volumeClaimTemplates[0],
      metadata: { name },
    }));
    return { ...manifest, spec: { ...spec, template: { names }, volumeClaimTemplates } };
  };
  const live = withClaims(statefulSet('1Gi'), 'data');

  it('is to replace it in its turn, once its claims have grown, and around its pods', () => {
    const desired = withClaims(statefulSet('1Gi', ''), 'data', 'logs');
    const small = { claims: [claim('data-db-0', '512Mi', '512Mi')] };
    assert.equal(nextReshape(sight({ desired, live, ...small })).kind, 'grow');
    const step = nextReshape(sight({ desired, live }));
    assert.ok(step.kind === 'replace');
    assert.match(step.why, /pods are replaced one by one, since its claim templates change \(\+logs\)/);
    const away = { desired, live: undefined, journal: { ...JOURNAL, manifest: live } };
    assert.deepEqual(nextReshape(sight(away)), { kind: 'recreate' });
    assert.deepEqual(Object(reshaped(live, desired)['spec']).template, { names: ['data', 'logs'] });
  });

  it('needs an approval where a claim goes, in words that tell a new name from a loss; none to go back', () => {
    const approval = { token: '0123abcd', given: false };
    const said = (desired: Manifest, over: Partial<ShapeSight> = {}): string => {
      const step = nextReshape(sight({ desired, live, approval, ...over }));
      return step.kind === 'refuse' ? step.message : step.kind;
    };
    const renamed = withClaims(statefulSet('1Gi', ''), 'store');
    assert.match(
      said(renamed),
      /data would go, and new empty claims store take their place: the data in data is not moved/,
    );
    assert.match(
      said(withClaims(statefulSet('1Gi', ''))),
      /data would go, and pods would start without the data/,
    );
    assert.equal(said(renamed, { goesBack: true }), 'replace');
    assert.equal(said(renamed, { approval: { ...approval, given: true } }), 'replace');
  });
});

describe('what recreating would lose', () => {
  it('is nothing when only sizes and names of services change', () => {
    assert.equal(lossOf(statefulSet('2Gi'), statefulSet('1Gi'), []), undefined);
  });

  it('is the pods that another selector does not select, and the data of a claim template that goes', () => {
    const live = statefulSet('1Gi');
    const other = { ...live, spec: { ...Object(live['spec']), selector: { matchLabels: { app: 'other' } } } };
    assert.match(lossOf(other, live, []) ?? '', /selector would change from app=db to app=other/);
    const bare = { ...live, spec: { ...Object(live['spec']), volumeClaimTemplates: [] } };
    assert.match(lossOf(bare, live, []) ?? '', /volumeClaimTemplates data would go/);
    assert.match(
      lossOf({ ...other, spec: { ...other.spec, volumeClaimTemplates: [] } }, live, []) ?? '',
      /selector.*; volume/,
    );
  });
});
