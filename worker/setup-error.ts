/** What keeps the program from starting until a person sets it otherwise, in one line. */
export class SetupError extends Error {
  override readonly name = 'SetupError';

  /** `what` names the setting and what is wrong with it. */
  static of(what: string, error: unknown): SetupError {
    const why = error instanceof Error ? error.message : String(error);
    return new SetupError(`${what}: ${why.replaceAll(/\s+/g, ' ')}`, { cause: error });
  }
}
