import type { Writable } from 'node:stream';
import type { SupervisorLine } from './detached.ts';

export interface SupervisorOutput {
  say(line: SupervisorLine): void;
  /** Says the last line; everything after it is dropped, since nobody reads on. */
  close(line: SupervisorLine): void;
  isOpen(): boolean;
}

export function reportTo(stream: Writable): SupervisorOutput {
  let open = true;
  // A reader that has gone away does not end the sandbox of others.
  stream.on('error', () => (open = false));
  const say = (line: SupervisorLine): void => {
    if (open) stream.write(`${JSON.stringify(line)}\n`);
  };
  const close = (line: SupervisorLine): void => {
    say(line);
    open = false;
  };
  return { say, close, isOpen: () => open };
}
