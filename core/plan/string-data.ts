type Body = Readonly<Record<string, unknown>>;

/**
 * A Secret with its `stringData` in `data`, as the API server would store it. The server keeps no trace of `stringData`, so a
 * key that is no longer there would stay in `data` for ever, and an apply would never be without effect.
 */
export function withEncodedStringData({ stringData, ...body }: Body): Body {
  if (typeof stringData !== 'object' || stringData === null) return body;
  const encoded = Object.entries(stringData).map(([key, value]) => [key, base64(String(value))]);
  return { ...body, data: { ...Object(body['data']), ...Object.fromEntries(encoded) } };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Of the UTF-8 of the text; written out, since these rooms have neither `Buffer` nor `btoa`. */
function base64(text: string): string {
  const bytes = Array.from(
    encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\uFFFD')).matchAll(/%(..)|./g),
    ([character, code]) => (code === undefined ? character.charCodeAt(0) : Number.parseInt(code, 16)),
  );
  let encoded = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.slice(at, at + 3);
    const word = (first << 16) | (second << 8) | third;
    const digits = [18, 12, 6, 0].map((shift) => ALPHABET[(word >> shift) & 63]);
    encoded += digits
      .slice(0, Math.min(bytes.length - at, 3) + 1)
      .join('')
      .padEnd(4, '=');
  }
  return encoded;
}
