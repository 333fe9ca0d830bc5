/** One number from a Prometheus, by its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/). */
import type { External } from './autoscaler.ts';

/** What a Secret may hold for it. */
export type Credentials = Readonly<Record<string, string>>;

/** A server that takes longer is as good as away: the next reading is near. */
const TIMEOUT_MS = 10_000;

interface Answer {
  readonly status?: string;
  readonly error?: string;
  readonly data?: { readonly resultType?: string; readonly result?: unknown };
}

/** @throws Error in a sentence for people when it does not answer, or not with one number. */
export async function queryOne(
  { url }: External,
  query: string,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<number> {
  const target = new URL(`${url.replace(/\/+$/, '')}/api/v1/query`);
  target.searchParams.set('query', query);
  const answer = await ask(target, credentials, signal);
  if (answer.status !== 'success')
    throw new Error(`${target.origin} refuses the query: ${answer.error ?? 'no reason'}`);
  return measured(sampleIn(answer));
}

/** As Prometheus writes a finite number that is not negative. Number('') is 0, so that the text itself is looked at. */
const NUMBER = /^-0$|^\+?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function measured(sample: unknown): number {
  const value = typeof sample === 'string' && NUMBER.test(sample) ? Number(sample) : Number.NaN;
  if (Number.isFinite(value)) return value;
  const text = (JSON.stringify(sample) ?? 'nothing').slice(0, 60);
  throw new Error(`the query answers ${text}; write one that answers a number of 0 or more`);
}

async function ask(target: URL, credentials: Credentials, signal: AbortSignal): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(target, {
      headers: headersOf(credentials),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    text = await response.text();
  } catch (error) {
    throw new Error(`${target.origin} does not answer: ${whyOf(error)}`, { cause: error });
  }
  try {
    const answer: Answer | null = JSON.parse(text);
    // A query that is refused has a body that says why.
    if (response.ok || answer?.error) return answer ?? {};
  } catch (error) {
    if (response.ok)
      throw new Error(`${target.origin} answers no JSON; is it a Prometheus?`, { cause: error });
  }
  throw new Error(`${target.origin} answers ${response.status} ${response.statusText}`);
}

function sampleIn({ data }: Answer): unknown {
  const { resultType, result } = data ?? {};
  if (resultType === 'scalar' && Array.isArray(result)) return result[1];
  if (resultType !== 'vector' || !Array.isArray(result))
    throw new Error(`the query answers a ${resultType}; write one that answers one number`);
  if (result.length === 0) throw new Error('the query answers no series; is the metric there?');
  if (result.length > 1)
    throw new Error(
      `the query answers ${result.length} series; bring them together, for example by avg(...)`,
    );
  const [series]: ({ readonly value?: readonly unknown[] } | null)[] = result;
  return series?.value?.[1];
}

function headersOf({ token, username, password }: Credentials): Readonly<Record<string, string>> {
  if (token) return { authorization: `Bearer ${token.trim()}` };
  if (username === undefined || password === undefined) return {};
  return {
    authorization: `Basic ${Buffer.from(`${username.trim()}:${password.trim()}`).toString('base64')}`,
  };
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
