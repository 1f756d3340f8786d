import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { CatalogEntry } from "./catalog-entry.ts";
import { type Field, parseField, valuesOf } from "./field.ts";
import { numericValue, textOf, timeValue } from "./operand.ts";

/**
 * Sorts entries by fields. A `-` before a field puts the greatest value first. Entries without a
 * value come last, and among equal entries the newest comes first.
 */
export function sortEntries(entries: readonly CatalogEntry[], order: string | readonly string[] = []): CatalogEntry[] {
  const fields = parseSort(order);
  const keyed = entries.map((entry) => keyedEntry(entry, fields));
  return keyed.sort((one, other) => compareKeyed(one, other, fields)).map(({ entry }) => entry);
}

/** An entry with the values that decide about its place. */
export interface KeyedEntry {
  readonly entry: CatalogEntry;
  readonly keys: readonly (JsonValue | undefined)[];
}

export function keyedEntry(entry: CatalogEntry, fields: readonly SortField[]): KeyedEntry {
  return { entry, keys: fields.map(({ field }) => valuesOf(entry, field)[0]) };
}

/** Compares two entries in the order of {@link sortEntries}. */
export function compareKeyed(one: KeyedEntry, other: KeyedEntry, fields: readonly SortField[]): number {
  for (const [index, { sign }] of fields.entries()) {
    const compared = compareKeys(one.keys[index], other.keys[index], sign);
    if (compared !== 0) return compared;
  }
  const [a, b] = [one.entry, other.entry];
  return compareTexts(b.createdAt ?? "", a.createdAt ?? "") || compareTexts(a.address, b.address);
}

/** A field that decides about an order, and its direction. */
export interface SortField {
  readonly field: Field;
  readonly sign: 1 | -1;
}

export function parseSort(order: string | readonly string[]): readonly SortField[] {
  return (typeof order === "string" ? [order] : order).map((text) =>
    text.startsWith("-") ? { field: parseField(text.slice(1)), sign: -1 } : { field: parseField(text), sign: 1 },
  );
}

function compareKeys(one: JsonValue | undefined, other: JsonValue | undefined, sign: 1 | -1): number {
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  return sign * compareValues(one, other);
}

/** Numbers come first, then times, then everything else, which compares as text. */
export function compareValues(one: JsonValue, other: JsonValue): number {
  const [a, b] = [sortNumber(one), sortNumber(other)];
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.rank === 2 ? compareTexts(textOf(one), textOf(other)) : compareNumbers(a.number, b.number);
}

function sortNumber(value: JsonValue): { readonly rank: number; readonly number: number } {
  const number = numericValue(value);
  if (number !== undefined) return { rank: 0, number };
  const time = timeValue(value);
  return time === undefined ? { rank: 2, number: 0 } : { rank: 1, number: time };
}

/** NaN is last. */
function compareNumbers(one: number, other: number): number {
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return one < other ? -1 : Number(one > other);
}

/** The order of `<`, which does not depend on the language of the machine. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
