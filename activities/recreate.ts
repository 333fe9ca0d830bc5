/** Making a StatefulSet anew: deletion awaited, creation as it was but for its shape, each field given back to who owned it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { shortHash } from '../core/hash.ts';
import { digestOf } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant } from '../core/ownership.ts';
import { isOfAnother } from '../core/ownership.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectRef } from '../core/refs.ts';
import type { Journal } from '../core/storage/next-reshape.ts';
import { RECREATION_MANAGER } from '../core/storage/next-reshape.ts';
import { reshaped } from '../core/storage/shape.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { refusalMessage } from './lasting-refusal.ts';
import { creatable } from './recreation-journal.ts';

/** How long a deletion is awaited before the workflow looks for itself. */
const GONE_WITHIN_MS = 20_000;
const GONE_POLL_MS = 50;
/** A quota counts what was just deleted for a moment; only after so many tries a refusal is believed. */
const BELIEVED_AFTER = 5;

/** What the server will go on refusing. */
export interface Refused {
  readonly reason: string;
  readonly message: string;
  /** Who has the object, where it belongs to another. */
  readonly holder?: string;
}

/** Creates it when it is not there; answers with what the server will go on refusing. */
export async function make(
  api: KubernetesApi,
  ref: ObjectRef,
  { manifest, refused }: Journal,
  desired: Manifest,
): Promise<Refused | undefined> {
  if (await api.get(ref)) return undefined;
  if (refused && refused.digest === digestOf(desired)) return refused;
  try {
    await api.create(reshaped(creatable(manifest), desired), { fieldManager: RECREATION_MANAGER });
    return undefined;
  } catch (error) {
    if (!isRefusal(error) || error.reason === STATUS_REASONS.AlreadyExists) throw error;
    return believed({ reason: error.reason, message: refusalMessage(error) });
  }
}

/** A refusal that is not about the object itself must be heard several times. @throws ApplicationFailure */
export function believed(refused: Refused): Refused {
  const isCertain = refused.reason === STATUS_REASONS.Invalid || refused.holder !== undefined;
  if (!isCertain && Context.current().info.attempt < BELIEVED_AFTER) throw again(refused);
  return refused;
}

/** As it was, when it is not there. */
export async function putBack(
  api: KubernetesApi,
  ref: ObjectRef,
  journal: Journal,
  claimant: Claimant,
): Promise<void> {
  if (!(await api.get(ref)))
    await api
      .create(creatable(journal.manifest), { fieldManager: RECREATION_MANAGER })
      .catch((error: unknown) => {
        throw isRefusal(error) ? again(error) : error;
      });
  await giveBackFields(api, ref, journal, claimant);
}

/**
 * Whoever owned a field owns it again. Else all would be ours by creation for ever: a field that the author drops, or an
 * annotation of `kubectl rollout restart`, could never go or would go at once, and pods would restart.
 */
export async function giveBackFields(
  api: KubernetesApi,
  ref: ObjectRef,
  { manifest }: Journal,
  claimant: Claimant,
): Promise<void> {
  const live = await api.get(ref);
  // Another may have created one of the name meanwhile.
  if (!live || isOfAnother(live, claimant)) return;
  const { managedFields = [], uid } = live.metadata;
  if (!managedFields.some(({ manager }) => manager === RECREATION_MANAGER)) return;
  const since = managedFields.filter(({ manager }) => manager !== RECREATION_MANAGER);
  await api.patch(ref, [
    { op: 'test', path: '/metadata/uid', value: uid },
    {
      op: 'replace',
      path: '/metadata/managedFields',
      value: [...(manifest.metadata.managedFields ?? []), ...since],
    },
  ]);
}

/** Who owns what of it, but for its status. */
export function managers({ metadata }: Manifest): Pick<Manifest['metadata'], 'managedFields'> {
  return {
    managedFields: metadata.managedFields?.filter(({ subresource }) => subresource !== 'status') ?? [],
  };
}

/** Asks the server, under a name that is free, whether it would take it; only what it says of the object itself counts. */
export async function tryOut(api: KubernetesApi, manifest: Manifest): Promise<Refused | undefined> {
  const name = `trial-${shortHash(manifest.metadata.name)}`;
  try {
    await api.create({ ...manifest, metadata: { ...manifest.metadata, name } }, { trial: true });
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== STATUS_REASONS.Invalid) return undefined;
    return { reason: error.reason, message: refusalMessage(error) };
  }
}

/** Answers when it is gone, or after a while: the workflow looks for itself. */
export async function untilGone(api: KubernetesApi, ref: ObjectRef, uid: string): Promise<void> {
  const signal = Context.current().cancellationSignal;
  const until = performance.now() + GONE_WITHIN_MS;
  while (performance.now() < until) {
    const live = await api.get(ref, { signal });
    if (live?.metadata.uid !== uid || !live.metadata.deletionTimestamp) return;
    await sleep(GONE_POLL_MS, undefined, { signal });
  }
}

export function isRefusal(error: unknown): error is StatusError {
  return error instanceof StatusError && !error.isTransient;
}

function again({ reason, message }: Refused): ApplicationFailure {
  return ApplicationFailure.create({ type: reason, message });
}
