import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ManagedFieldsEntry } from '../../core/manifest.ts';
import { takenOver } from '../../core/take-over.ts';

const PORT = { '.': {}, 'f:port': {}, 'f:protocol': {} };

function entry(manager: string, operation: string, fieldsV1: object): ManagedFieldsEntry {
  return { manager, operation, fieldsV1 };
}

const ours = entry('pinots.example.dev', 'Apply', { 'f:spec': { 'f:type': {} } });
const editor = entry('kubectl-edit', 'Update', {
  'f:metadata': { 'f:labels': { 'f:theirs': {} } },
  'f:spec': { 'f:ports': { 'k:{"port":1,"protocol":"TCP"}': PORT }, 'f:externalIPs': {} },
});

describe('taking over', () => {
  it('makes a list that the fields name ours alone, and leaves the rest of an editor to it', () => {
    assert.deepEqual(
      takenOver([ours, editor], ours, ['spec.ports[0].name', 'spec.ports[1].name', 'spec.type']),
      [
        entry('pinots.example.dev', 'Apply', {
          'f:spec': { 'f:type': {}, 'f:ports': { 'k:{"port":1,"protocol":"TCP"}': PORT } },
        }),
        entry('kubectl-edit', 'Update', {
          'f:metadata': { 'f:labels': { 'f:theirs': {} } },
          'f:spec': { 'f:externalIPs': {} },
        }),
      ],
    );
  });

  it('keeps what is ours in the list', () => {
    const mine = entry('pinots.example.dev', 'Apply', { 'f:spec': { 'f:ports': { a: { 'f:port': {} } } } });
    const [taken] = takenOver([mine, editor], mine, ['spec.ports[0]']) ?? [];
    assert.deepEqual(taken?.fieldsV1, {
      'f:spec': { 'f:ports': { a: { 'f:port': {} }, 'k:{"port":1,"protocol":"TCP"}': PORT } },
    });
  });

  it('takes nothing when no field is in a list, or nobody else has a part in it', () => {
    assert.equal(takenOver([ours, editor], ours, ['spec.type', 'spec.externalIPs']), undefined);
    assert.equal(takenOver([ours, editor], ours, ['spec.other[0].name']), undefined);
    assert.equal(takenOver([ours], ours, ['spec.ports[0].name']), undefined);
  });

  it('leaves the books of subresources alone', () => {
    const status = { ...editor, subresource: 'status' };
    assert.equal(takenOver([ours, status], ours, ['spec.ports[0].name']), undefined);
  });
});
