/**
 * What a simulated pod does. A pod says so by its annotation, which may be changed while it runs, or by the tag of one of
 * its images: `nginx:crash`, `pinot:1.2-crash`, `nginx:slow-2000`.
 */
export const BEHAVIOUR_ANNOTATION = 'sandbox.durable-operator.dev/behaviour';

export const BEHAVIOURS = {
  /** Runs and is ready at once; completes when it belongs to a Job. */
  run: 'run',
  /** `slow-<ms>`: runs at once, is ready after so long. */
  slow: 'slow',
  neverReady: 'never-ready',
  /** Exits with code 1 again and again: CrashLoopBackOff, or phase Failed when it may not restart. */
  crash: 'crash',
  /** As `crash`, killed for its memory. */
  oom: 'oom',
  pullError: 'pull-error',
  configError: 'config-error',
  /** No node is fit for it: the real scheduler says so, by a node selector that admission adds. */
  unschedulable: 'unschedulable',
  /** Stays when it is deleted, until the annotation is gone. */
  neverTerminate: 'never-terminate',
} as const;

export type BehaviourName = (typeof BEHAVIOURS)[keyof typeof BEHAVIOURS];

export interface Behaviour {
  readonly name: BehaviourName;
  /** Until it is ready; 0 unless it is slow. */
  readonly delayMs: number;
}

const NAMES: readonly BehaviourName[] = Object.values(BEHAVIOURS);

export interface Described {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly images: readonly string[];
}

/** The annotation's word; else that of the first image whose tag has one. Unknown words mean nothing. */
export function behaviourOf({ annotations, images }: Described): Behaviour {
  const words = [annotations?.[BEHAVIOUR_ANNOTATION], ...images.map(tagOf)];
  for (const word of words) {
    const behaviour = word === undefined ? undefined : parse(word);
    if (behaviour !== undefined) return behaviour;
  }
  return { name: BEHAVIOURS.run, delayMs: 0 };
}

function tagOf(image: string): string | undefined {
  const [, tag] = /:([^:/@]+)(?:@.*)?$/.exec(image) ?? [];
  return tag;
}

function parse(word: string): Behaviour | undefined {
  const [, ms] = /(?:^|-)slow-(\d+)$/.exec(word) ?? [];
  if (ms !== undefined) return { name: BEHAVIOURS.slow, delayMs: Number(ms) };
  const name = NAMES.find((known) => word === known || word.endsWith(`-${known}`));
  return name === undefined || name === BEHAVIOURS.slow ? undefined : { name, delayMs: 0 };
}
