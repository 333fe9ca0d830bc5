/** What the workflow sandbox has beside the language, and no more. */
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}
