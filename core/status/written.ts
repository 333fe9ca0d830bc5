/**
 * Whether a status is as it was written. Each status carries the fingerprint of all else that stands in it, so that a bridge sees
 * by itself, with no message to a workflow, that another hand changed it.
 */
import { shortHash } from '../hash.ts';
import { OUR_CONDITIONS } from './conditions.ts';
import type { ResourceStatus } from './resource-status.ts';

/** What others add beside it is theirs. */
const FIELDS = [
  'observedGeneration',
  'ready',
  'updated',
  'stage',
  'rollout',
  'history',
  'memory',
  'routine',
  'references',
] as const satisfies readonly (keyof ResourceStatus)[];

/** Of what we write of a status, but for the fingerprint itself. @param status as it stands in the resource, whatever that is. */
export function statusFingerprint(status: unknown): string {
  const fields = fieldsOf(status);
  const { written: _, ...inventory } = fieldsOf(fields['inventory']);
  const conditions = Array.isArray(fields['conditions']) ? fields['conditions'].map(fieldsOf) : [];
  const ours = conditions.filter(({ type }) => typeof type === 'string' && OUR_CONDITIONS.has(type));
  ours.sort((a, b) => (String(a['type']) < String(b['type']) ? -1 : 1));
  return shortHash(canonical([FIELDS.map((name) => fields[name] ?? null), ours, inventory]));
}

/** The status as it is written. */
export function sealed(status: ResourceStatus): ResourceStatus {
  if (!status.inventory) return status;
  return { ...status, inventory: { ...status.inventory, written: fingerprintOf(status) } };
}

/** `statusFingerprint` of a status that is to be written. */
export function fingerprintOf(status: ResourceStatus): string {
  const asJson: unknown = JSON.parse(JSON.stringify(status));
  return statusFingerprint(asJson);
}

/** Whether what we wrote is there unchanged; a status without a fingerprint says nothing of that. */
export function isAsWritten(status: unknown): boolean {
  const { written } = fieldsOf(fieldsOf(status)['inventory']);
  return typeof written !== 'string' || written === statusFingerprint(status);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** JSON in which the order of keys says nothing: the API server sorts them. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
