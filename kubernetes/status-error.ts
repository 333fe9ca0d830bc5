import type { Reason } from '../core/reasons.ts';

export interface StatusCause {
  /** For example `spec.template.spec.containers[0].image`. */
  readonly field: string;
  readonly message: string;
  /** The server's own word, for example `FieldValueInvalid` or `FieldManagerConflict`. */
  readonly reason: string;
}

export interface StatusErrorFields {
  /** HTTP status; 0 when there was no answer. */
  readonly code: number;
  readonly reason: Reason;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterMs?: number;
  readonly isUntyped?: boolean;
  readonly cause?: unknown;
}

/** The API server refused, or did not answer. The message is the server's sentence and never holds a body or a header. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: Reason;
  readonly causes: readonly StatusCause[];
  readonly retryAfterMs: number | undefined;
  /** An internal error with no reason of its own: what a part of the server said is passed on as it is. */
  readonly isUntyped: boolean;

  constructor(message: string, fields: StatusErrorFields) {
    super(message, { cause: fields.cause });
    this.code = fields.code;
    this.reason = fields.reason;
    this.causes = fields.causes ?? [];
    this.retryAfterMs = fields.retryAfterMs;
    this.isUntyped = fields.isUntyped ?? false;
  }

  /** Whether asking again without any change can succeed. */
  get isTransient(): boolean {
    return this.code === 0 || this.code === 429 || this.code >= 500 || this.reason === 'Conflict';
  }

  /** Whether a write that named a uid found none of its name, or another: the server has a refusal for each. */
  get isAboutAnother(): boolean {
    const isOfFields = this.causes.some(({ reason }) => reason === 'FieldManagerConflict');
    return (
      (this.reason === 'Conflict' && !isOfFields) || this.causes.some(({ field }) => field === 'metadata.uid')
    );
  }
}
