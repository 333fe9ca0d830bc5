/**
 * Resources that this program is to reconcile and may not read: without the resource there is no status to write to, so the log,
 * a metric and an Event say so.
 */
import { Context } from '@temporalio/activity';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ResourceRef } from '../core/refs.ts';
import { apiVersionOf, titleOfResource } from '../core/refs.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';

/** How often the API server refused to show a resource, by its namespace. */
export class RefusedReads {
  readonly #counts = new Map<string, number>();

  add(namespace: string): void {
    this.#counts.set(namespace, (this.#counts.get(namespace) ?? 0) + 1);
  }

  /** Of a cluster-scoped resource the namespace is empty. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}

/** Reports a refusal, and nothing else: an outage has its own words. */
export function reportRefusedRead(
  { log, events, refusedReads }: Pick<Dependencies, 'log' | 'events' | 'refusedReads'>,
  resource: ResourceRef,
  error: unknown,
): void {
  if (!(error instanceof StatusError) || error.reason !== STATUS_REASONS.Forbidden) return;
  const { kind, name, namespace = '' } = resource;
  refusedReads.add(namespace);
  const note = `${titleOfResource(resource)} may not be read, and is not reconciled: ${error.message}; grant get, list and watch, or leave its namespace out of --allow-namespace`;
  log.warn(
    { kind, namespace, name, error: error.message },
    'a resource may not be read; it is not reconciled',
  );
  const metadata = { name, ...(namespace ? { namespace } : {}) };
  events.record(
    {
      regarding: { apiVersion: apiVersionOf(resource), kind, metadata },
      occurrence: `${Context.current().info.workflowExecution?.runId}`,
    },
    { type: 'Warning', reason: STATUS_REASONS.Forbidden, action: 'Reconcile', note, repeats: true },
  );
}
