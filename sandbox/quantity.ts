const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
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

/** Whether one Kubernetes quantity (`1Gi`, `500M`, `1e3`) is more than another. */
export function isLarger(one: string, other: string): boolean {
  return valueOf(one) > valueOf(other);
}

function valueOf(quantity: string): number {
  const [, number = '', suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  return Number(number) * (FACTORS[suffix] ?? 1);
}
