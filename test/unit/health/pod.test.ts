import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Manifest } from '../../../core/manifest.ts';
import {
  crashingPod,
  NOW,
  pod,
  podWith,
  pullingPod,
  readyPod,
  secondsAgo,
  unschedulablePod,
} from './manifests.ts';

const judge = (object: Manifest): ReturnType<typeof health> => health(object, [], { now: NOW });

describe('the health of a pod', () => {
  it('is Current when it is ready, or has succeeded', () => {
    assert.equal(judge(readyPod()).state, 'Current');
    assert.equal(judge(pod({ status: { phase: 'Succeeded' } })).state, 'Current');
  });

  it('is InProgress while it starts', () => {
    assert.equal(judge(pod()).state, 'InProgress');
    const creating = podWith({ state: { waiting: { reason: 'ContainerCreating' } } });
    assert.equal(judge({ ...creating, status: { phase: 'Pending' } }).state, 'InProgress');
  });

  it('is Failed when the pod failed, with the reason that the kubelet gives', () => {
    const evicted = pod({
      status: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' },
    });
    assert.deepEqual(judge(evicted), {
      state: 'Failed',
      reason: 'PodFailed',
      message: 'it failed: The node was low on memory',
    });
  });

  it('is Failed at once in a crash loop, and tells the exit code but no line of the log', () => {
    const { state, reason, message } = judge(crashingPod());
    assert.deepEqual([state, reason], ['Failed', 'CrashLoop']);
    assert.equal(message, 'CrashLoopBackOff, container broker exited with 1 (3 restarts)');
  });

  it('tells that a crash loop comes from lack of memory', () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled' };
    const looping = podWith({
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated },
    });
    assert.equal(judge(looping).reason, 'CrashLoop');
    assert.match(judge(looping).message, /killed for its memory/);
  });

  it('is InProgress after one kill for its memory', () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled' };
    const { state, reason } = judge(
      podWith({ restartCount: 1, lastState: { terminated }, state: { running: {} } }),
    );
    assert.deepEqual([state, reason], ['InProgress', 'OOMKilled']);
  });

  it('looks at init containers too', () => {
    const waiting = { reason: 'CrashLoopBackOff' };
    const initContainerStatuses = [{ name: 'schema', ready: false, restartCount: 1, state: { waiting } }];
    const { reason, message } = judge(pod({ status: { phase: 'Pending', initContainerStatuses } }));
    assert.equal(reason, 'CrashLoop');
    assert.match(message, /init container schema \(1 restart\)/);
  });

  it('is InProgress while a container runs and its probes do not pass', () => {
    assert.deepEqual(judge(podWith({ state: { running: {} } })), {
      state: 'InProgress',
      reason: 'NotReady',
      message: 'container broker runs and is not ready',
    });
  });
});

describe('the grace of a pod', () => {
  it('lets an image be pulled for 30 s, and tells when to look again', () => {
    const young = judge(pullingPod(10));
    assert.deepEqual([young.state, young.reason, young.lookAgainMs], ['InProgress', 'ImagePull', 20_000]);
    const old = judge(pullingPod(30));
    assert.deepEqual([old.state, old.reason, old.lookAgainMs], ['Failed', 'ImagePull', undefined]);
    assert.match(old.message, /container broker wants image pinot:1\.4: .*not found/);
  });

  it('covers every word of the kubelet for an image that it does not get', () => {
    for (const reason of ['ErrImagePull', 'ErrImageNeverPull', 'InvalidImageName', 'ImageInspectError'])
      assert.equal(judge(podWith({ state: { waiting: { reason } } })).reason, 'ImagePull', reason);
  });

  it('lets what a container refers to arrive for 30 s', () => {
    const waiting = { reason: 'CreateContainerConfigError', message: 'secret "pinot-tls" not found' };
    const { state, message } = judge(podWith({ state: { waiting } }));
    assert.equal(state, 'Failed');
    assert.equal(message, 'CreateContainerConfigError, container broker: secret "pinot-tls" not found');
    assert.equal(judge(podWith({ state: { waiting } }, { bornSecondsAgo: 29 })).lookAgainMs, 1000);
  });

  it('lets a pod find its node for 15 s, and then tells which predicate fails', () => {
    assert.equal(judge(unschedulablePod(14)).lookAgainMs, 1000);
    const late = judge(
      unschedulablePod(15, '0/3 nodes are available: 3 Insufficient cpu. preemption: no victims found.'),
    );
    assert.deepEqual([late.state, late.reason], ['Failed', 'Unschedulable']);
    assert.equal(late.message, 'Unschedulable, 0/3 nodes are available: 3 Insufficient cpu');
  });

  it('begins when the containers could be made, not when the pod was', () => {
    const lastTransitionTime = secondsAgo(5);
    const conditions = [{ type: 'Initialized', status: 'True', lastTransitionTime }];
    const containerStatuses = [{ name: 'broker', state: { waiting: { reason: 'ErrImagePull' } } }];
    const late = pod({
      status: { phase: 'Pending', startTime: secondsAgo(600), conditions, containerStatuses },
    });
    assert.equal(judge(late).lookAgainMs, 25_000);
  });

  it('does not grow when the clock of a node runs ahead', () => {
    assert.equal(judge(unschedulablePod(-3600)).lookAgainMs, 15_000);
  });

  it('never ends where no clock is given', () => {
    assert.equal(health(pullingPod(3600)).state, 'InProgress');
  });
});
