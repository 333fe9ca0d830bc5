/**
 * Drift without a matcher. Server-side apply records which fields we own; whoever changes or removes one of them takes it
 * out of our set. So an object deviates from what we applied exactly when our set shrank, whatever defaults, canonical
 * quantities or other managers' additions the live object carries.
 */
import { shortHash } from './hash.ts';
import { ANNOTATIONS } from './labels.ts';
import type { ManagedFieldsEntry, Manifest } from './manifest.ts';
import { isScalable } from './plan/categories.ts';
import type { ObjectKey } from './refs.ts';

/** What the API server's books say of what `manager` applied: one entry, or none. */
export function managedBy(object: Manifest, manager: string): readonly ManagedFieldsEntry[] {
  return (object.metadata.managedFields ?? []).filter(
    (each) => each.manager === manager && each.operation === 'Apply' && !each.subresource,
  );
}

/**
 * The fields that `manager` owns by apply, as the API server writes them (FieldsV1); of a workload all but the
 * replicas: autoscalers take those, and give them back (`core/rollout/scaling.ts`).
 */
export function ownedFieldSet(object: Manifest, manager: string): object | undefined {
  const fields: FieldSet | undefined = managedBy(object, manager)[0]?.fieldsV1;
  if (!isScalable(object) || fields?.['f:spec']?.['f:replicas'] === undefined) return fields;
  const { 'f:replicas': _, ...spec } = fields['f:spec'];
  return { ...fields, 'f:spec': spec };
}

interface FieldSet {
  readonly 'f:spec'?: Readonly<Record<string, unknown>>;
}

/**
 * A hash of what `manager` applied: of the fields it owns and of the digest it sent with them, so that an older apply that
 * arrives late shows, too. Empty when it owns none.
 */
export function ownedFields(object: Manifest, manager: string): string {
  return hashOfFields(textOfFields(ownedFieldSet(object, manager)), digestOn(object));
}

/** A set of fields in one text, as it is hashed and measured; empty for none. */
export function textOfFields(fields: object | undefined): string {
  return fields ? JSON.stringify(fields) : '';
}

export function hashOfFields(text: string, digest: string | undefined): string {
  return text === '' ? '' : shortHash(`${digest ?? ''} ${text}`);
}

/** The digest of what was applied, as the object itself says. */
export function digestOn({ metadata }: Manifest): string | undefined {
  return metadata.annotations?.[ANNOTATIONS.digest];
}

interface InventoryLine {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly fields: string;
  /** Of its replicas: whether they are ours, and who decides about them otherwise. */
  readonly scale?: { readonly owned: boolean; readonly scaler?: string | undefined } | undefined;
}

/**
 * One short word for a whole inventory. It stands in the resource's status; a bridge that starts compares it with what it
 * lists and knows, with no message to anybody, whether something was deleted or edited meanwhile.
 */
export function inventoryFingerprint(objects: Iterable<InventoryLine>): string {
  const lines = Array.from(objects, ({ key, uid, fields, scale }) => {
    const replicas = scale && (scale.owned || scale.scaler) ? ` ${scale.owned} ${scale.scaler ?? ''}` : '';
    return `${key} ${uid} ${fields}${replicas}`;
  });
  return shortHash(lines.sort((a, b) => (a < b ? -1 : 1)).join('\n'));
}
