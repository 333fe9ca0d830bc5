import type { Manifest } from '../core/manifest.ts';

/** How many objects a page holds, as kubectl asks for. */
export const PAGE_SIZE = 500;

export interface PagedList {
  /** Of the kind: the items of a list do not carry them. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent: one page. */
  readonly limit?: number;
  /** The JSON of the page that this query asks for. */
  readonly readPage: (query: Record<string, string>) => Promise<string>;
}

interface Page {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: Manifest[] | null;
}

/** Reads a list page by page, all of them as of the one resourceVersion that it answers with. */
export async function visitList(list: PagedList, visit: (object: Manifest) => void): Promise<string> {
  const limit: Record<string, string> = list.limit ? { limit: String(list.limit) } : {};
  let next: string | undefined;
  for (;;) {
    const page: Page = JSON.parse(await list.readPage(next ? { ...limit, continue: next } : limit));
    for (const item of page.items ?? []) visit(identified(item, list));
    next = page.metadata?.continue;
    if (!next) return page.metadata?.resourceVersion ?? '';
  }
}

/** The object under its own kind; lists leave it out, and PartialObjectMetadata says its own name instead. */
export function identified(
  object: Manifest,
  { apiVersion, kind }: { apiVersion: string; kind: string },
): Manifest {
  return object.kind === kind && object.apiVersion === apiVersion ? object : { ...object, apiVersion, kind };
}
