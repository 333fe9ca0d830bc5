/**
 * What the API server says of a write that it refuses, fit to be shown and kept: field and reason stay, values go. The server
 * quotes what it was sent, at times whole pod templates with their environment, or a Secret's value that has the wrong type.
 */
import { bounded } from '../core/bounded-text.ts';

const STRUCK = '***';

/** The words after which the server writes a value (field.Error of apimachinery, structured-merge-diff, strconv). */
const BEFORE_VALUE =
  /(?:Invalid value|Unsupported value|Duplicate value|Not found|Too many): |\bgot (?=&)|\b(?:parsing|parse)(?: time)? (?=")/g;
/** Of what must not change, the server shows a difference: lines of what was there, which was sent by nobody now. */
const DIFFERENCE = '\n@@ ';
/** A rule of a CRD (CEL) that failed is reported with no value: `Invalid value: each node has a name of its own`. */
const SENTENCE = /^\p{L}[\p{L}\p{N}'_.-]* \S/u;
const SENTENCE_SEEN = 80;
const OPENING = '([{';
const CLOSING = ')]}';

/** The text without the values in it, and without what was sent; at most so many characters. */
export function refusalText(text: string, sent: readonly string[], most?: number): string {
  const [said = ''] = text.split(DIFFERENCE, 1);
  const struck = sent.reduce((rest, literal) => rest.replaceAll(literal, STRUCK), withoutValues(said));
  return bounded(struck.trim(), most);
}

function withoutValues(text: string): string {
  let kept = '';
  let at = 0;
  for (const { 0: words, index } of text.matchAll(BEFORE_VALUE)) {
    // It stands in a value that was left out.
    if (index < at) continue;
    const start = index + words.length;
    if (SENTENCE.test(text.slice(start, start + SENTENCE_SEEN))) continue;
    const end = endOfValue(text, start);
    // `Invalid value: "x": must be y` reads `Invalid value: must be y`.
    const isReasoned = words.endsWith(': ') && text.startsWith(': ', end);
    kept += `${text.slice(at, start)}${isReasoned ? '' : STRUCK}`;
    at = isReasoned ? end + 2 : end;
  }
  return kept + text.slice(at);
}

/** Where the value ends that begins there: a text in quotes, or as far as its brackets go. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') {
      at = endOfQuote(text, at);
      if (depth === 0) return at + 1;
    } else if (OPENING.includes(character)) depth++;
    else if (CLOSING.includes(character) && --depth < 0) return at;
    else if (depth === 0 && (text.startsWith(': ', at) || text.startsWith(', ', at))) return at;
  }
  return text.length;
}

function endOfQuote(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return Math.min(at, text.length - 1);
}

/** Shorter ones stand in texts by chance, and striking them out would leave nothing to read. */
const SHORTEST = { secret: 4, other: 8 };

/** The literals of a body that may be secret: of a Secret all values, of anything else what containers are given. */
export function literalsOf(body: object | undefined): readonly string[] {
  const found = new Set<string>();
  const add = (value: unknown, shortest: number): void => {
    if (typeof value !== 'string' && typeof value !== 'number') return;
    const text = String(value);
    for (const form of [text, text.trim(), JSON.stringify(text).slice(1, -1)])
      if (form.length >= shortest) found.add(form);
  };
  if (body && 'kind' in body && body.kind === 'Secret')
    secretsIn(body, (value) => add(value, SHORTEST.secret));
  else visitGiven(body, (value) => add(value, SHORTEST.other));
  // The longest first, so that none leaves a rest of another.
  return [...found].sort((one, other) => other.length - one.length);
}

function secretsIn(secret: object, visit: (value: unknown) => void): void {
  const { data, stringData } = secret as { readonly data?: object; readonly stringData?: object };
  for (const value of Object.values(stringData ?? {})) visit(value);
  for (const value of Object.values(data ?? {})) {
    visit(value);
    if (typeof value === 'string') visit(Buffer.from(value, 'base64').toString());
  }
}

/** Variables, arguments and commands of containers, wherever a kind keeps them. */
function visitGiven(value: unknown, visit: (value: unknown) => void): void {
  if (Array.isArray(value)) for (const each of value) visitGiven(each, visit);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [field, inner] of Object.entries(value)) {
    if (field === 'env' && Array.isArray(inner)) for (const variable of inner) visit(Object(variable).value);
    else if ((field === 'args' || field === 'command') && Array.isArray(inner)) inner.forEach(visit);
    else visitGiven(inner, visit);
  }
}
