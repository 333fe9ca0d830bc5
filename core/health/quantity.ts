const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity (`10Gi`, `1500M`, `1e9`) as a number; undefined when it is none. */
export function quantity(text: unknown): number | undefined {
  if (typeof text === 'number') return text;
  if (typeof text !== 'string') return undefined;
  const parts = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]?|[KMGTPE]i)$/.exec(text);
  const factor = SUFFIXES[parts?.[2] ?? ''];
  return parts && factor !== undefined ? Number(parts[1]) * factor : undefined;
}

/** Fields that hold quantities by name. */
const OF_QUANTITIES: ReadonlySet<string> = new Set(['limits', 'requests', 'capacity', 'hard', 'podFixed']);

/** Where a manifest has something else than a quantity in the place of one, for example `spec.resources.limits.memory`. */
export function malformedQuantities(value: unknown, path: string = ''): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((each, index) => malformedQuantities(each, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (!OF_QUANTITIES.has(name) || typeof inner !== 'object' || inner === null)
      return malformedQuantities(inner, at);
    const odd = Object.entries(inner).filter(([, amount]) => quantity(amount) === undefined);
    return odd.map(([resource]) => `${at}.${resource}`);
  });
}
