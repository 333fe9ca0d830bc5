/**
 * Bounds for texts that others wrote: servers, operator code, kubelets. A text is bounded where it enters, so that no length of
 * it fills a history, a status, an event or a log.
 */

/** Characters of one message. */
export const LONGEST_MESSAGE = 1_000;
/** Characters of one part of a message, for example of one cause of a refusal. */
export const LONGEST_PART = 300;

const ELLIPSIS = '…';
const BYTES_OF_ELLIPSIS = 3;

/** The beginning of a text, with at most so many characters (UTF-16 units); never half of a surrogate pair. */
export function bounded(text: string, most: number = LONGEST_MESSAGE): string {
  return text.length <= most ? text : `${whole(text.slice(0, most - 1))}${ELLIPSIS}`;
}

/** The beginning of a text, with at most so many bytes of UTF-8, which is how the API server measures. */
export function boundedBytes(text: string, most: number): string {
  let bytes = 0;
  let units = 0;
  let fits = 0;
  for (const character of text) {
    bytes += bytesOf(character.codePointAt(0) ?? 0);
    if (bytes > most) return `${text.slice(0, fits)}${ELLIPSIS}`;
    units += character.length;
    if (bytes <= most - BYTES_OF_ELLIPSIS) fits = units;
  }
  return text;
}

function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Half of a surrogate pair is no text, and the API server would replace it. */
function whole(text: string): string {
  return /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
}
