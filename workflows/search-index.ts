/** The search attributes of a workflow, in step with the conditions of its resource. */
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { ReconcileInput } from './messages.ts';
import { SEARCH_ATTRIBUTES } from './messages.ts';

const pair = (name: keyof typeof SEARCH_ATTRIBUTES, value: string): SearchAttributeUpdatePair => ({
  key: defineSearchAttributeKey(SEARCH_ATTRIBUTES[name], SearchAttributeType.KEYWORD),
  value,
});

export class SearchIndex {
  readonly #input: ReconcileInput;
  #isOn: boolean;
  #isLate = false;
  #written = '';

  constructor(input: ReconcileInput) {
    this.#input = input;
    this.#isOn = input.searchAttributes;
  }

  /** What the next run is started with: one that was turned on and has written nothing is turned on by the next hint again. */
  get isWritten(): boolean {
    return this.#isOn && !this.#isLate;
  }

  /** The Temporal namespace has the attributes by now; it had none when the workflow was started. */
  turnOn(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#isLate = true;
  }

  write(ready: string, stage: string): void {
    const attributes = `${ready} ${stage}`;
    if (!this.#isOn || attributes === this.#written) return;
    const { kind, namespace } = this.#input.resource;
    upsertSearchAttributes([
      // Else they are there from the start.
      ...(this.#isLate ? [pair('kind', kind)] : []),
      ...(this.#isLate && namespace !== undefined ? [pair('namespace', namespace)] : []),
      pair('ready', ready),
      pair('stage', stage),
    ]);
    this.#written = attributes;
    this.#isLate = false;
  }
}
