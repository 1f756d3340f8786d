import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { EntryColumns } from "../columns/entry-columns.ts";
import type { ValueColumn } from "../columns/value-column.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { type Fact, leavesOf, paramField, valuesOf } from "../query/field.ts";
import type { Facet, FacetOptions } from "./facet.ts";
import { FacetCounter } from "./facet-counter.ts";

/** The artifacts of one name that facets are counted of. */
export interface FacetGroup {
  readonly name: string;
  readonly columns?: EntryColumns | undefined;
  readonly rows: Int32Array;
  /** Artifacts that are not in columns. */
  readonly others: Iterable<CatalogEntry>;
}

const FACTS: readonly Fact[] = ["name", "state", "created", "took", "size", "format", "version", "draw"];

/** The facets of artifacts: facts first, then params, summaries and costs as they first appear. */
export function facetsOf(groups: readonly FacetGroup[], { mostDistinct }: FacetOptions = {}): readonly Facet[] {
  const counters = new Map<string, FacetCounter>(
    FACTS.map((fact) => [fact, new FacetCounter(mostDistinct, fact === "created" ? timeOf : undefined)]),
  );
  const counterOf = (field: string): FacetCounter => {
    const counter = counters.get(field) ?? new FacetCounter(mostDistinct);
    counters.set(field, counter);
    return counter;
  };
  for (const { name, columns, rows, others } of groups) {
    if (columns !== undefined && rows.length > 0) addColumns(counterOf, name, columns, rows);
    for (const entry of others) addEntry(counterOf, entry);
  }
  return [...counters].filter(([, { count }]) => count > 0).map(([field, counter]) => ({ field, ...counter.result() }));
}

/** Columns hold times that a `Date` can hold. */
function timeOf(ms: number): JsonValue {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? ms : { $date: time.toISOString() };
}

type CounterOf = (field: string) => FacetCounter;

function addEntry(counterOf: CounterOf, entry: CatalogEntry): void {
  for (const fact of FACTS) for (const value of valuesOf(entry, { kind: "fact", fact })) counterOf(fact).add(value, 1);
  for (const { path, value } of leavesOf(entry.params)) counterOf(paramField(path)).add(value, 1);
  for (const { path, value } of leavesOf(entry.summary)) counterOf(`summary.${path}`).add(value, 1);
  for (const [unit, amount] of Object.entries(entry.cost ?? {})) counterOf(`cost.${unit}`).add(amount, 1);
}

/** Reads whole columns: making an entry of each row would take a hundred times as long. */
function addColumns(counterOf: CounterOf, name: string, columns: EntryColumns, rows: Int32Array): void {
  counterOf("name").add(name, rows.length);
  counterOf("state").add("present", rows.length);
  addDraws(counterOf("draw"), columns.fact("draw"), rows);
  addTimes(counterOf("created"), columns.fact("created"), rows);
  for (const fact of ["took", "size", "format", "version"] as const)
    addColumn(counterOf(fact), columns.fact(fact), rows);
  for (const { kind, path, values } of columns.columns()) {
    if (kind === "params") addColumn(counterOf(paramField(path)), values, rows);
    else if (kind === "summary" || kind === "cost") addColumn(counterOf(`${kind}.${path}`), values, rows);
  }
}

function addColumn(counter: FacetCounter, values: ValueColumn | undefined, rows: Int32Array): void {
  if (values === undefined) return;
  counter.addNumbers(values.numbersAt(rows));
  for (const { value, count } of values.countsAt(rows)) counter.add(value, count);
}

/** Columns hold a time as a number, or as a text where JavaScript would write it differently. */
function addTimes(counter: FacetCounter, values: ValueColumn | undefined, rows: Int32Array): void {
  if (values === undefined) return;
  counter.addNumbers(values.numbersAt(rows));
  for (const { value, count } of values.countsAt(rows)) counter.add({ $date: value }, count);
}

/** An artifact without a draw has draw 0. */
function addDraws(counter: FacetCounter, values: ValueColumn | undefined, rows: Int32Array): void {
  const numbers = values?.numbersAt(rows);
  const others = [...(values?.countsAt(rows) ?? [])];
  for (const { value, count } of others) counter.add(value, count);
  const known = others.reduce((sum, { count }) => sum + count, 0) + counter.addNumbers(numbers);
  if (known < rows.length) counter.add(0, rows.length - known);
}
