/** Where operator code threw: for its developers, who see the condition or the log and not the program. */

/** As V8 writes a frame: `at desired (file:///srv/app/operator.ts:41:7)`, with or without a name. */
const FRAME = /^\s*at (?:.*\()?(?:file:\/\/)?(\/?[^()]+):(\d+):\d+\)?$/;
const OF_OTHERS = /^node:|\/node_modules\/|^<anonymous>/;

/** The frames of a stack, without the message above them, which may be long or hold a credential. */
export function framesOf(error: unknown): readonly string[] {
  const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : '';
  return stack.split('\n').filter((line) => FRAME.test(line));
}

/** For example `pinot/operator.ts:41`: the innermost place that is neither Node's nor a package's. */
export function thrownAt(error: unknown): string | undefined {
  for (const frame of framesOf(error)) {
    const [, file = '', line] = FRAME.exec(frame) ?? [];
    if (!OF_OTHERS.test(file)) return `${file.split('/').slice(-2).join('/')}:${line}`;
  }
  return undefined;
}
