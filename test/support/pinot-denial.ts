export type Json = Readonly<Record<string, unknown>>;

/** What Pinot answers instead of doing it. */
export class Denial extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
