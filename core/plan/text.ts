/** Text anywhere in a JSON value. */

/** The value with each text replaced; `path` is where it stands, for example `volumes.0.configMap.name`. */
export function mapText<Value>(
  value: Value,
  replace: (text: string, path: string) => string,
  path?: string,
): Value;
export function mapText(
  value: unknown,
  replace: (text: string, path: string) => string,
  path: string = '',
): unknown {
  const inner = (child: unknown, step: string | number): unknown =>
    mapText(child, replace, path === '' ? `${step}` : `${path}.${step}`);
  if (typeof value === 'string') return replace(value, path);
  if (Array.isArray(value)) return value.map(inner);
  // What has a JSON form of its own, such as a Date, is no container.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inner(child, key)]));
}

/** The JSON of a value, the same for any order of its fields. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, child: unknown) =>
    typeof child === 'object' && child !== null && !Array.isArray(child)
      ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  );
}
