import type { LogEntry, LogLevel } from '@temporalio/worker';
import { DefaultLogger } from '@temporalio/worker';
import type { DestinationStream, Logger, LoggerOptions } from 'pino';
import { pino } from 'pino';
import { bounded } from '../core/bounded-text.ts';

export type { Logger } from 'pino';

/** JSON lines on standard error, so that standard output stays for answers; no text in them is long, whoever wrote it. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: (fields) => boundedField(fields, 0) as Record<string, unknown> },
    hooks: {
      logMethod(given, write) {
        const [first, message, ...others] = given;
        if (typeof first === 'string') write.apply(this, [bounded(first, LONGEST_FIELD)]);
        else write.apply(this, [first, bounded(String(message ?? ''), LONGEST_FIELD), ...others]);
      },
    },
  };
  return pino(options, destination);
}

/** Characters of one text; a stack trace fits. */
const LONGEST_FIELD = 4_000;
/** Of a list or of an object. */
const MOST_ENTRIES = 100;
const DEEPEST = 6;

function boundedField(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return bounded(value, LONGEST_FIELD);
  if (value instanceof Error) return boundedError(value, depth);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  if (depth === DEEPEST) return '…';
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((each) => boundedField(each, depth + 1));
  const entries = Object.entries(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([name, field]) => [name, boundedField(field, depth + 1)]));
}

function boundedError({ name, message, stack, cause }: Error, depth: number): unknown {
  const why = cause === undefined || depth === DEEPEST ? {} : { cause: boundedField(cause, depth + 1) };
  return { name, message: boundedField(message, depth), stack: boundedField(stack, depth), ...why };
}

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

/** Temporal's own lines, in the same stream. */
export function temporalLogger(log: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }: LogEntry) => {
    log[LEVELS[level]]({ ...meta, component: 'temporal' }, message);
  });
}
