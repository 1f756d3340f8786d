import type { JsonValue } from "../../canonical/tagged-json.ts";
import { type Field, valuesOf } from "../query/field.ts";
import { compareValues, type SortField } from "../query/sort-entries.ts";
import type { EntryColumns } from "./entry-columns.ts";
import type { ValueColumn } from "./value-column.ts";

/**
 * Returns the first rows in an order. It is the order in which `sortEntries` puts their entries.
 *
 * @param rows - all rows, the newest first
 */
export function sortRows(
  columns: EntryColumns,
  rows: Int32Array,
  fields: readonly SortField[],
  count: number,
): readonly number[] {
  const keys = fields.map(({ field, sign }) => ({ ranks: ranksOf(columns, field, rows), sign }));
  const compare = (one: number, other: number): number => {
    for (const { ranks, sign } of keys) {
      const [a = Number.NaN, b = Number.NaN] = [ranks[one], ranks[other]];
      // A row without a value comes last in both directions.
      if (Number.isNaN(a) !== Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
      if (a !== b && !Number.isNaN(a)) return sign * (a - b) > 0 ? 1 : -1;
    }
    return one - other;
  };
  return firstPlaces(rows.length, count, compare).map((place) => rows[place] ?? 0);
}

/** Returns the first `count` of the places 0 to `length - 1`, without sorting the others. */
function firstPlaces(length: number, count: number, compare: (one: number, other: number) => number): number[] {
  const room = 2 * count + 1000;
  let first: number[] = [];
  let last: number | undefined;
  for (let place = 0; place < length; place++) {
    if (last !== undefined && compare(last, place) < 0) continue;
    if (first.push(place) < room) continue;
    first = first.sort(compare).slice(0, count);
    last = first.at(-1);
  }
  return first.sort(compare).slice(0, count);
}

/** A number for each row in the order of its values in a field; NaN for a row without one. */
function ranksOf(columns: EntryColumns, field: Field, rows: Int32Array): Float64Array {
  if (field.kind === "fact") {
    const { fact } = field;
    if (fact === "name" || fact === "state" || fact === "problem") return new Float64Array(rows.length);
    if (fact === "took" || fact === "size" || fact === "format" || fact === "version")
      return ranksIn(columns.fact(fact), rows);
    if (fact === "created") return Float64Array.from(rows, (row) => columns.createdMs(row));
    if (fact === "draw") return Float64Array.from(rows, (row) => columns.fact("draw")?.numberAt(row) || 0);
  } else {
    const found = columns.columns().filter(({ kind, path }) => kind === field.kind && path === field.path);
    if (found.length <= 1) return ranksIn(found[0]?.values, rows);
  }
  return ranksOfValues(Array.from(rows, (row) => valuesOf(columns.entryOf(row), field)[0]));
}

function ranksIn(values: ValueColumn | undefined, rows: Int32Array): Float64Array {
  if (values?.hasTexts === true) return ranksOfValues(Array.from(rows, (row) => values.get(row)));
  return values?.numbersAt(rows) ?? new Float64Array(rows.length).fill(Number.NaN);
}

function ranksOfValues(values: readonly (JsonValue | undefined)[]): Float64Array {
  const distinct = [...new Set(values)].filter((value) => value !== undefined).sort(compareValues);
  const rankOf = new Map<JsonValue, number>();
  let rank = 0;
  for (const [index, value] of distinct.entries()) {
    const before = distinct[index - 1];
    // Equal values may be written in two ways: 1 and { $bigint: "1" }.
    if (before !== undefined && compareValues(before, value) !== 0) rank = index;
    rankOf.set(value, rank);
  }
  return Float64Array.from(values, (value) => (value === undefined ? undefined : rankOf.get(value)) ?? Number.NaN);
}
