/** One thing a person who waits for the sandbox wants to know. */
export interface Progress {
  /** What it is about: `kube-apiserver`, `temporal`, `sandbox`, ... */
  readonly component: string;
  readonly message: string;
  /** Since the sandbox was asked for. */
  readonly elapsedMs: number;
}

export type Report = (component: string, message: string) => void;

export function reporter(onProgress: ((line: Progress) => void) | undefined): Report {
  const began = performance.now();
  return (component, message) =>
    onProgress?.({ component, message, elapsedMs: Math.round(performance.now() - began) });
}

/** `42 s` or `3 min 5 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
