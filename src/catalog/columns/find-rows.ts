import { type Fact, type Field, isAtOrBelow, parseField } from "../query/field.ts";
import { compileValue, isName, type ValueTest } from "../query/matches.ts";
import { operandOf } from "../query/operand.ts";
import type { Query, Term } from "../query/query.ts";
import type { EntryColumn, EntryColumns } from "./entry-columns.ts";

/**
 * Marks the rows that a query means with 1 and all others with 0. The answer is that of `matches`
 * for their entries, but no entry is made: each term only reads its own columns. Terms for the name
 * of the artifact are left to the caller.
 */
export function findRows({ terms }: Query, name: string, columns: EntryColumns, nowMs: number): Uint8Array {
  const found = newMarks(columns.addresses.count);
  columns.markPresent(found);
  for (const term of terms) {
    if (isName(term)) continue;
    const marks = newMarks(found.length);
    markTerm(marks, term, name, columns, nowMs);
    keepMarked(found, marks, term.isNegated);
  }
  return found;
}

/** How many rows are marked. */
export function countMarks(marks: Uint8Array): number {
  let count = 0;
  // A loop over an iterator would take ten times as long.
  for (let row = 0; row < marks.length; row++) count += marks[row] ?? 0;
  return count;
}

/** A mark for each row, in memory that can be read four marks at a time. */
function newMarks(count: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(Math.ceil(count / 4) * 4), 0, count);
}

/** Works on four rows at a time, which takes a quarter of the time. */
function keepMarked(found: Uint8Array, marks: Uint8Array, isNegated: boolean): void {
  const [all, kept] = [new Uint32Array(found.buffer), new Uint32Array(marks.buffer)];
  for (let i = 0; i < all.length; i++) all[i] = (all[i] ?? 0) & (isNegated ? ~(kept[i] ?? 0) : (kept[i] ?? 0));
}

function markTerm(marks: Uint8Array, term: Term, name: string, columns: EntryColumns, nowMs: number): void {
  const field = parseField(term.field);
  const test = compileValue(term, field, nowMs);
  if (field.kind === "fact") markFact(marks, field.fact, { term, test, name, columns, nowMs });
  else for (const { values } of columnsOf(columns, field, test === undefined)) values.mark(marks, test);
}

interface FactTerm {
  readonly term: Term;
  readonly test: ValueTest | undefined;
  readonly name: string;
  readonly columns: EntryColumns;
  readonly nowMs: number;
}

function markFact(marks: Uint8Array, fact: Fact, { term, test, name, columns, nowMs }: FactTerm): void {
  switch (fact) {
    case "name":
      if (test?.fits(name) !== false) marks.fill(1);
      return;
    case "state":
      if (test?.fits("present") !== false) marks.fill(1);
      return;
    case "problem":
      return;
    case "address":
      markAddresses(marks, term, test, columns);
      return;
    case "created":
      columns.fact("created")?.mark(marks, test && timeTest(term, test, nowMs));
      return;
    case "draw":
      markDraws(marks, test, columns);
      return;
    case "from":
      for (const { kind, values } of columns.columns()) if (kind === "dependencyAddress") values.mark(marks, test);
      return;
    default:
      columns.fact(fact)?.mark(marks, test);
  }
}

/** The address table finds all rows with a prefix at once. */
function markAddresses(
  marks: Uint8Array,
  { operator, value }: Term,
  test: ValueTest | undefined,
  { addresses }: EntryColumns,
): void {
  const digits = value?.text.toLowerCase() ?? "";
  if (test === undefined) marks.fill(1);
  else if (operator === "=" && /^[0-9a-f]{1,64}$/.test(digits))
    for (const row of addresses.startingWith(digits)) marks[row] = 1;
  else for (let row = 0; row < marks.length; row++) marks[row] = Number(test.fits(addresses.addressOf(row)));
}

/** Columns hold a time as a number, or as a text if JavaScript would write the time differently. */
function timeTest({ operator, value }: Term, test: ValueTest, nowMs: number): ValueTest {
  const timeMs = value && operandOf({ kind: "fact", fact: "created" }, value, nowMs).timeMs;
  const isOrder = operator !== "=" && operator !== "~";
  return {
    fits: (time) => test.fits({ $date: typeof time === "number" ? new Date(time).toISOString() : String(time) }),
    ...(isOrder && timeMs !== undefined ? { numbers: { operator, operand: timeMs } } : {}),
  };
}

/** An artifact without a draw has draw 0. */
function markDraws(marks: Uint8Array, test: ValueTest | undefined, columns: EntryColumns): void {
  const draws = columns.fact("draw");
  if (test?.fits(0) !== false) {
    draws?.mark(marks, undefined);
    for (let row = 0; row < marks.length; row++) marks[row] = 1 - (marks[row] ?? 0);
  }
  draws?.mark(marks, test);
}

/** Only the operator `?` also looks at the fields below a field. */
function columnsOf(columns: EntryColumns, field: Exclude<Field, { kind: "fact" }>, isBelow: boolean): EntryColumn[] {
  return [...columns.columns()].filter(
    ({ kind, path }) => kind === field.kind && (isBelow ? isAtOrBelow(path, field.path) : path === field.path),
  );
}
