/** What keeps the program from starting until a person sets it otherwise, said in one line. */
export class SetupError extends Error {
  override readonly name = 'SetupError';

  /** `what` names the setting and what is wrong with it. */
  static of(what: string, error: unknown): SetupError {
    return new SetupError(`${what}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
