import type { CatalogEntry } from "../query/catalog-entry.ts";
import { compareKeyed, type KeyedEntry, keyedEntry, type SortField } from "../query/sort-entries.ts";

/** Entries in order, each made when it is asked for. */
export interface SortedEntries {
  readonly count: number;
  at(place: number): CatalogEntry;
}

/**
 * Returns a part of what several lists are together, without putting together what is before it.
 *
 * @param lists - each in the order of these fields
 */
export function takeWindow(
  lists: readonly SortedEntries[],
  fields: readonly SortField[],
  offset: number,
  limit: number,
): CatalogEntry[] {
  const heads = lists.filter(({ count }) => count > 0).map((list) => new ListHead(list, fields));
  skip(heads, fields, offset);
  const taken: CatalogEntry[] = [];
  while (taken.length < limit) {
    const head = firstOf(heads, fields, 1);
    if (head === undefined) break;
    taken.push(head.keyed(1).entry);
    head.place += 1;
  }
  return taken;
}

/**
 * Skips many entries at once. Of `left` entries in `n` lists, each list is asked for its entry
 * `left / n` places ahead. Where that entry comes first, everything up to it is among the `left`.
 */
function skip(heads: readonly ListHead[], fields: readonly SortField[], offset: number): void {
  let left = offset;
  while (left > 0) {
    const open = heads.filter(({ rest }) => rest > 0);
    const steps = Math.max(1, Math.floor(left / Math.max(1, open.length)));
    const head = firstOf(open, fields, steps);
    if (head === undefined) return;
    const skipped = Math.min(steps, head.rest);
    head.place += skipped;
    left -= skipped;
  }
}

/** The list whose entry `steps` places ahead comes first. */
function firstOf(heads: readonly ListHead[], fields: readonly SortField[], steps: number): ListHead | undefined {
  let first: ListHead | undefined;
  for (const head of heads) {
    if (head.rest === 0) continue;
    if (first === undefined || compareKeyed(head.keyed(steps), first.keyed(steps), fields) < 0) first = head;
  }
  return first;
}

/** A list, and how far it was read. */
class ListHead {
  place = 0;
  readonly #list: SortedEntries;
  readonly #fields: readonly SortField[];
  #known: { readonly place: number; readonly keyed: KeyedEntry } | undefined;

  constructor(list: SortedEntries, fields: readonly SortField[]) {
    this.#list = list;
    this.#fields = fields;
  }

  get rest(): number {
    return this.#list.count - this.place;
  }

  /** The entry that is the last one of the next `steps`. */
  keyed(steps: number): KeyedEntry {
    const place = this.place + Math.min(steps, this.rest) - 1;
    if (this.#known?.place !== place) this.#known = { place, keyed: keyedEntry(this.#list.at(place), this.#fields) };
    return this.#known.keyed;
  }
}
