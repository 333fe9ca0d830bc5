/** What an author's function is given: the resource, and what it may read and tell. */
import { Context as ActivityContext } from '@temporalio/activity';
import type { Context, ObjectReference, SecretReference } from '../api/operator.ts';
import type { Manifest } from '../core/manifest.ts';
import { COMMANDS } from '../core/labels.ts';
import { namesOf } from '../core/names.ts';
import { isExternal } from '../core/plan/categories.ts';
import type { Rendered } from '../core/plan/digests.ts';
import type { ObjectKey, ObjectRef } from '../core/refs.ts';
import { groupOf, objectKey, parseObjectKey } from '../core/refs.ts';
import type { Reads } from '../core/rollout/reads.ts';
import { NOT_FOUND, seenOf } from '../core/seen.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';
import { bounded } from '../core/bounded-text.ts';
import { checkedReason } from '../core/operator-answers.ts';
import { explain } from './failure.ts';
import type { Redaction } from './redaction.ts';
import { createRedaction } from './redaction.ts';
import { refOfObject } from './read-resource.ts';
import { Scaling } from './scaling.ts';
import { asResource } from './renderer.ts';

/** A context, and how to say what comes of it without the values of Secrets it gave. */
export interface AuthorContext extends Redaction {
  readonly context: Context;
  /** What the author's function threw, in words. */
  explain(error: unknown): string;
  /** What it has read of the cluster by now; undefined for nothing. */
  reads(): Reads | undefined;
}

interface About {
  /** The object it is about; the live one is read, where the cluster has it. */
  readonly key?: ObjectKey;
  /** Ends what the function waits for. */
  readonly signal?: AbortSignal;
}

export async function contextOf(
  dependencies: Dependencies,
  resource: Manifest,
  { key, signal = ActivityContext.current().cancellationSignal }: About,
): Promise<AuthorContext> {
  const { api, events, log } = dependencies;
  const { info } = ActivityContext.current();
  const home = resource.metadata.namespace;
  const ref = key === undefined || isExternal(key) ? undefined : parseObjectKey(key, home);
  const live = ref ? await api.get(ref, { signal }) : undefined;
  const told = { resource: resource.metadata.name, ...(key ? { object: key } : {}) };
  const redaction = createRedaction();
  const { redact } = redaction;
  const say =
    (level: 'info' | 'warn'): Context['log']['info'] =>
    (message, fields) =>
      log[level]({ ...told, ...redactedFields(fields, redact) }, redact(message));
  const scaling = new Scaling(dependencies, resource, signal);
  const reader = readerOf(dependencies, resource, signal);
  let count = 0;
  const context: Context = {
    resource: asResource(resource),
    named: namesOf(resource.metadata.name),
    ...(ref && live ? { object: { kind: ref.kind, name: ref.name, manifest: live } } : {}),
    signal,
    log: { info: say('info'), warn: say('warn') },
    read: (reference) => reader.read(readable(reference, home)),
    scale: (target, replicas) => scaling.scale(target, replicas),
    release: (target) => scaling.release(target),
    secret: async (reference) => {
      const ref = secretOf(reference, home);
      const found = await reader.read(ref);
      if (!found) throw new Error(await missingSecret(api, ref, resource));
      const values = valuesOf(found);
      redaction.hide(Object.values(values));
      return values;
    },
    event: (type, reason, note) =>
      events.record(
        { regarding: resource, occurrence: `${info.workflowExecution?.runId} ${info.activityId} ${count++}` },
        checkedNews(type, reason, redact(note)),
      ),
  };
  return {
    ...redaction,
    context,
    explain: (error) => explain(error, redact),
    reads: reader.reads,
  };
}

function checkedNews(type: string, reason: string, note: string): News {
  return {
    type: type === 'Warning' ? 'Warning' : 'Normal',
    reason: checkedReason(reason, 'the reason of the event'),
    action: 'Hook',
    note: bounded(note),
  };
}

interface Reader {
  /** The live object; what the plan versions in the version that is planned. */
  read(wanted: ObjectRef): Promise<Manifest | undefined>;
  reads(): Reads | undefined;
}

/** Reads, and remembers what was seen. */
function readerOf(dependencies: Dependencies, resource: Manifest, signal: AbortSignal): Reader {
  const seen = new Map<ObjectKey, string>();
  return {
    async read(wanted) {
      const ref = { ...wanted, name: await plannedName(dependencies, resource, wanted) };
      const found = await dependencies.api.get(ref, { signal });
      seen.set(objectKey(ref, resource.metadata.namespace), found ? seenOf(found) : NOT_FOUND);
      return found;
    },
    reads: () => (seen.size > 0 ? Object.fromEntries(seen) : undefined),
  };
}

function redactedFields(
  fields: Readonly<Record<string, unknown>> | undefined,
  redact: (text: string) => string,
): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(fields ?? {}, (_, value: unknown) =>
    typeof value === 'string' ? redact(value) : value,
  );
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function readable(reference: ObjectReference, home: string | undefined): ReturnType<typeof refOfObject> {
  const { apiVersion, kind, name } = reference;
  if (kind === 'Secret' && apiVersion === 'v1')
    throw new Error(
      `Secret ${name}: read it by context.secret, so that its values are struck out of what is told`,
    );
  return refOfObject(reference, home);
}

/** A resource's author may not read, with the rights of the operator, what lies in another namespace. */
function secretOf({ name = '', namespace = '' }: SecretReference, home: string | undefined): ObjectRef {
  const place = namespace || home;
  const title = `Secret ${place ?? ''}/${name}`;
  if (!name || !place) throw new Error(`${title} cannot be read: its reference needs a name and a namespace`);
  if (home !== undefined && place !== home)
    throw new Error(
      `${title} is not read: a resource may use the Secrets of its own namespace ${home} alone`,
    );
  return { group: '', kind: 'Secret', namespace: place, name };
}

/** What a Secret holds, decoded. */
function valuesOf(secret: Manifest): Readonly<Record<string, string>> {
  const data = (secret['data'] ?? {}) as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

/** What to do where a Secret is missing: in a namespace that is being deleted nothing can be created. */
async function missingSecret(
  api: Dependencies['api'],
  { namespace, name }: ObjectRef,
  { metadata }: Manifest,
): Promise<string> {
  const title = `Secret ${namespace}/${name} is not there`;
  if (!metadata.deletionTimestamp) return `${title}; create it, or correct the reference to it`;
  const abandon = `annotate the resource with ${COMMANDS.abandon}=true to leave behind what it reaches`;
  if (await isBeingDeleted(api, namespace))
    return `${title}, and its namespace ${namespace} is being deleted, so that it cannot be created again; ${abandon}`;
  return `${title}, and the resource is being deleted; create it again, or ${abandon}`;
}

/** A program that may not read namespaces cannot know, and says what is right elsewhere. */
async function isBeingDeleted(api: Dependencies['api'], name: string | undefined): Promise<boolean> {
  if (name === undefined) return false;
  try {
    const namespace = await api.get({ group: '', kind: 'Namespace', name });
    return namespace?.metadata.deletionTimestamp !== undefined;
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}

/** An author knows an object by the name that `desired` gave it, whatever version or namespace its planned name has in it. */
async function plannedName(
  { renderer }: Dependencies,
  resource: Manifest,
  { group, kind, namespace, name }: ObjectRef,
): Promise<string> {
  let objects: Rendered['objects'];
  try {
    ({ objects } = await renderer.render(resource));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    // A resource that is deleted is cleaned up also when it cannot be built; then no name is planned.
    return name;
  }
  const found = Array.from(objects.values()).find(
    ({ manifest, planned: { desired } }) =>
      desired.kind === kind &&
      groupOf(desired.apiVersion) === group &&
      desired.name === name &&
      (manifest.metadata.namespace ?? namespace) === namespace,
  );
  return found?.manifest.metadata.name ?? name;
}
