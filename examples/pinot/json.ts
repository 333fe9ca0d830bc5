import { invalid } from 'durable-operator';

export type Json = Readonly<Record<string, unknown>>;

/**
 * The JSON object in a field of a resource.
 *
 * @throws InvalidResource with line and column, and with nothing of the text but one character: it may hold credentials.
 */
export function jsonIn(field: string, text: string): Json {
  const value = parsed(field, text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(field, 'is no JSON object; write one between { and }');
  return { ...value };
}

/** A text in an object, by its key. @throws InvalidResource when it is not there. */
export function textIn(field: string, json: Json, key: string): string {
  const value = json[key];
  if (typeof value !== 'string' || value === '' || value.includes('/'))
    throw invalid(field, `"${key}" is missing in it, or is no name`);
  return value;
}

function parsed(field: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const end = longestBeginning(text);
    const lines = text.slice(0, end).split('\n');
    const found = end < text.length ? `${JSON.stringify(text[end])} is unexpected` : 'it ends too early';
    throw invalid(
      field,
      `is no JSON: ${found} at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`,
    );
  }
}

/** JSON.parse tells the place of some errors only; but the beginnings of a text are right up to it, and then no more. */
function longestBeginning(text: string): number {
  let [right, tried] = [0, text.length];
  while (right < tried) {
    const middle = Math.ceil((right + tried) / 2);
    if (isBeginning(text.slice(0, middle))) right = middle;
    else tried = middle - 1;
  }
  return right;
}

function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = String(error);
    const place = /at position (\d+)/.exec(message)?.[1];
    return /Unexpected end|Unterminated string/.test(message) || Number(place) >= text.length;
  }
}
