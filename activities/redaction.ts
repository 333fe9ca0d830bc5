/** Strikes credentials out of what people read and Temporal keeps: an error of a remote is shown word for word, and no more. */

const STRUCK = '***';
/** Credentials that stand in texts by their form, whoever put them there. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${STRUCK}`],
  [/(:\/\/)[^\s/@:]*:[^\s/@]*@/g, `$1${STRUCK}@`],
];

export interface Redaction {
  /** From now on these values are struck out, however they are written. */
  hide(values: Iterable<string>): void;
  redact(text: string): string;
}

export function createRedaction(): Redaction {
  const hidden = new Set<string>();
  let forms: readonly string[] = [];
  return {
    hide(values) {
      for (const value of values) if (value.trim() !== '') hidden.add(value);
      const secrets = [...hidden].filter(isSecret);
      // The longest first, so that none leaves a rest of another.
      forms = [...new Set(secrets.flatMap(formsOf).concat(pairsOf([...hidden])))].sort(
        (a, b) => b.length - a.length,
      );
    },
    redact(text) {
      const struck = forms.reduce((rest, form) => rest.replaceAll(form, STRUCK), text);
      return FORMS.reduce((rest, [form, instead]) => rest.replaceAll(form, instead), struck);
    },
  };
}

/** Less is no secret, and stands in too many texts: striking it out would leave them unreadable. */
const SHORTEST_SECRET = 4;
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'none']);

function isSecret(value: string): boolean {
  const text = value.trim();
  return text.length >= SHORTEST_SECRET && !WORDS.has(text.toLowerCase());
}

/** As it is, without the line break a file ends in, and as URLs, JSON and headers write it. */
function formsOf(value: string): string[] {
  const trimmed = value.trim();
  return [value, trimmed].flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    base64(text),
  ]);
}

/** As basic authentication sends two of them. */
function pairsOf(values: readonly string[]): string[] {
  return values.flatMap((name) =>
    values.filter((word) => word !== name).map((word) => base64(`${name.trim()}:${word.trim()}`)),
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
