import type { Manifest } from '../core/manifest.ts';
import { StatusError } from './status-error.ts';

/** How many objects a page holds, as kubectl asks for. */
export const PAGE_SIZE = 500;

export interface PagedList {
  /** Of the kind: the items of a list do not carry them. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly trim?: (object: Manifest) => Manifest;
  /** The JSON of the page that this query asks for. */
  readonly readPage: (query: Record<string, string>) => Promise<string>;
}

interface Page {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: Manifest[] | null;
}

/**
 * Reads a list page by page, all of them as of one resourceVersion. When the server has forgotten that version in the
 * middle (a continue token lives some five minutes), it begins again, once, without pages.
 */
export async function readList(list: PagedList): Promise<{ items: Manifest[]; resourceVersion: string }> {
  try {
    return await readPages(list, { limit: String(PAGE_SIZE) });
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 410) throw error;
    return readPages(list, {});
  }
}

async function readPages(
  list: PagedList,
  query: Record<string, string>,
): Promise<{ items: Manifest[]; resourceVersion: string }> {
  const items: Manifest[] = [];
  let resourceVersion = '';
  let next: string | undefined;
  do {
    const page: Page = JSON.parse(await list.readPage(next ? { ...query, continue: next } : query));
    for (const item of page.items ?? []) {
      const whole = identified(item, list);
      items.push(list.trim ? list.trim(whole) : whole);
    }
    resourceVersion = page.metadata?.resourceVersion ?? '';
    next = page.metadata?.continue || undefined;
  } while (next);
  return { items, resourceVersion };
}

/** The object under its own kind; lists leave it out, and PartialObjectMetadata says its own name instead. */
export function identified(
  object: Manifest,
  { apiVersion, kind }: { apiVersion: string; kind: string },
): Manifest {
  return object.kind === kind && object.apiVersion === apiVersion ? object : { ...object, apiVersion, kind };
}
