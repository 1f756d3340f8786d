import type { JsonValue } from "../../canonical/tagged-json.ts";
import { type Field, valuesOf } from "../query/field.ts";
import { compareValues, type SortField } from "../query/sort-entries.ts";
import type { EntryColumns } from "./entry-columns.ts";
import { orderOfNumbers } from "./order-of-numbers.ts";
import { orderOfTexts } from "./order-of-texts.ts";
import type { ValueColumn } from "./value-column.ts";

/**
 * Returns rows in an order. It is the order in which `sortEntries` puts their entries.
 *
 * @param rows - the newest first
 */
export function sortRows(columns: EntryColumns, rows: Int32Array, fields: readonly SortField[]): Int32Array {
  let sorted = rows;
  // Sorting keeps the order of equal rows, so that the most important field comes last.
  for (const { field, sign } of fields.toReversed()) {
    const places = orderOfNumbers(ranksOf(columns, field, sorted), sign);
    const next = new Int32Array(sorted.length);
    for (let i = 0; i < next.length; i++) next[i] = sorted[places[i] ?? 0] ?? 0;
    sorted = next;
  }
  return sorted;
}

/** A number for each row in the order of its values in a field; NaN for a row without one. */
function ranksOf(columns: EntryColumns, field: Field, rows: Int32Array): Float64Array {
  if (field.kind === "fact") {
    const { fact } = field;
    if (fact === "name" || fact === "state" || fact === "problem") return new Float64Array(rows.length);
    if (fact === "took" || fact === "size" || fact === "format" || fact === "version")
      return ranksIn(columns.fact(fact), rows);
    if (fact === "created") return numbersOf(rows, (row) => columns.createdMs(row));
    if (fact === "draw") return numbersOf(rows, (row) => columns.fact("draw")?.numberAt(row) || 0);
    if (fact === "address") return ranksOfAddresses(columns, rows);
  } else {
    const found = columns.columns().filter(({ kind, path }) => kind === field.kind && path === field.path);
    if (found.length <= 1) return ranksIn(found[0]?.values, rows);
  }
  return ranksOfValues(Array.from(rows, (row) => valuesOf(columns.entryOf(row), field)[0]));
}

function ranksIn(values: ValueColumn | undefined, rows: Int32Array): Float64Array {
  const numbers = values?.numbersAt(rows);
  if (values?.hasTexts !== true) return numbers ?? new Float64Array(rows.length).fill(Number.NaN);
  if (numbers !== undefined) return ranksOfValues(Array.from(rows, (row) => values.get(row)));
  const ranks = ranksOfDistinct(values.distinctValues());
  return numbersOf(rows, (row) => ranks[values.codeAt(row) - 1] ?? Number.NaN);
}

/** `Float64Array.from` takes several times as long. */
function numbersOf(rows: Int32Array, numberOf: (row: number) => number): Float64Array {
  const numbers = new Float64Array(rows.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = numberOf(rows[i] ?? 0);
  return numbers;
}

/**
 * The place of each row among the addresses of all of them. Their first digits are sorted as
 * numbers, since comparing a million addresses with each other takes seconds.
 */
function ranksOfAddresses(columns: EntryColumns, rows: Int32Array): Float64Array {
  const beginnings = columns.addresses.beginningsOf(rows);
  const places = orderOfNumbers(beginnings, 1);
  const beginningAt = (rank: number): number | undefined => beginnings[places[rank] ?? 0];
  for (let start = 0, end = 1; start < places.length; start = end++) {
    while (end < places.length && beginningAt(end) === beginningAt(start)) end += 1;
    // Only addresses that were made on purpose begin with the same 53 bits.
    if (end - start > 1)
      places.subarray(start, end).sort((one, other) => columns.addresses.compare(rows[one] ?? 0, rows[other] ?? 0));
  }
  const ranks = new Float64Array(rows.length);
  for (let rank = 0; rank < places.length; rank++) ranks[places[rank] ?? 0] = rank;
  return ranks;
}

function ranksOfValues(values: readonly (JsonValue | undefined)[]): Float64Array {
  const distinct = [...new Set(values)].filter((value) => value !== undefined);
  const ranks = ranksOfDistinct(distinct);
  const rankOf = new Map(distinct.map((value, index) => [value, ranks[index] ?? 0]));
  return Float64Array.from(values, (value) => (value === undefined ? undefined : rankOf.get(value)) ?? Number.NaN);
}

/** A number for each value in their order. */
function ranksOfDistinct(values: readonly JsonValue[]): Float64Array {
  if (values.every((value) => typeof value === "string")) return ranksOfTexts(values);
  const sorted = values.map((value, index) => ({ value, index })).sort((a, b) => compareValues(a.value, b.value));
  const ranks = new Float64Array(values.length);
  let rank = 0;
  for (const [place, { value, index }] of sorted.entries()) {
    const before = sorted[place - 1];
    // Equal values may be written in two ways: 1 and { $bigint: "1" }.
    if (before !== undefined && compareValues(before.value, value) !== 0) rank = place;
    ranks[index] = rank;
  }
  return ranks;
}

function ranksOfTexts(texts: readonly string[]): Float64Array {
  const ranks = new Float64Array(texts.length);
  for (const [rank, place] of orderOfTexts(texts).entries()) ranks[place] = rank;
  return ranks;
}
