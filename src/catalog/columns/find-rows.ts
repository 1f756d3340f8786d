import type { JsonValue } from "../../canonical/tagged-json.ts";
import { type Fact, type Field, isAtOrBelow, parseField } from "../query/field.ts";
import { compare, compileValue, isName } from "../query/matches.ts";
import { operandOf } from "../query/operand.ts";
import type { Query, Term } from "../query/query.ts";
import type { EntryColumn, EntryColumns } from "./entry-columns.ts";
import type { ValueColumn } from "./value-column.ts";

type RowTest = (row: number) => boolean;

/** The test of a query without terms. */
export const ALWAYS: RowTest = () => true;
const NEVER: RowTest = () => false;

/**
 * The test of a row for a query: the same answer as `matches` gives for its entry, without making
 * the entry. Terms that name the artifact are the caller's to judge.
 */
export function compileRows({ terms }: Query, name: string, columns: EntryColumns, nowMs: number): RowTest {
  const tests = terms.filter((term) => !isName(term)).map((term) => compileTerm(term, name, columns, nowMs));
  const [first = ALWAYS, ...others] = tests;
  if (others.length === 0) return first;
  return (row) => first(row) && others.every((test) => test(row));
}

function compileTerm(term: Term, name: string, columns: EntryColumns, nowMs: number): RowTest {
  const field = parseField(term.field);
  const test = compileValue(term, field, nowMs);
  const holds =
    field.kind === "fact"
      ? factTest(field.fact, term, test, name, columns, nowMs)
      : anyOf(columnsOf(columns, field, test === undefined), test);
  return term.isNegated ? (row) => !holds(row) : holds;
}

type ValueTest = ((value: JsonValue) => boolean) | undefined;

function factTest(
  fact: Fact,
  term: Term,
  test: ValueTest,
  name: string,
  columns: EntryColumns,
  nowMs: number,
): RowTest {
  const constant = (value: JsonValue): RowTest => (test?.(value) === false ? NEVER : ALWAYS);
  switch (fact) {
    case "name":
      return constant(name);
    case "state":
      return constant("present");
    case "problem":
      return NEVER;
    case "address":
      return addressTest(term, test, columns);
    case "created":
      return createdTest(term, test, columns, nowMs);
    case "draw": {
      const draws = columns.fact("draw");
      return test === undefined ? ALWAYS : (row) => test(draws?.get(row) ?? 0);
    }
    case "from":
      return anyOf(
        [...columns.columns()].filter(({ kind }) => kind === "dependencyAddress"),
        test,
      );
    default:
      return one(columns.fact(fact), test);
  }
}

/** All rows with a prefix are found at once. */
function addressTest({ operator, value }: Term, test: ValueTest, { addresses }: EntryColumns): RowTest {
  if (test === undefined || value === undefined) return ALWAYS;
  const digits = value.text.toLowerCase();
  if (operator !== "=" || !/^[0-9a-f]{2,64}$/.test(digits)) return (row) => test(addresses.addressOf(row));
  const rows = new Set(addresses.startingWith(digits));
  return (row) => rows.has(row);
}

/** Times compare as numbers, since a text for each row would cost more than all else. */
function createdTest(term: Term, test: ValueTest, columns: EntryColumns, nowMs: number): RowTest {
  const created = columns.fact("created");
  if (created === undefined) return NEVER;
  const { operator, value } = term;
  const timeMs = value && operandOf({ kind: "fact", fact: "created" }, value, nowMs).timeMs;
  const slow: RowTest = (row) => {
    const createdAt = columns.createdAt(row);
    return createdAt !== undefined && test?.({ $date: createdAt }) !== false;
  };
  if (timeMs === undefined || operator === "=" || operator === "~" || operator === "?") return slow;
  return (row) => {
    const ms = created.numberAt(row);
    return Number.isNaN(ms) ? slow(row) : compare(ms, timeMs, operator);
  };
}

/** Only the question whether there is a value looks below a field, too. */
function columnsOf(columns: EntryColumns, field: Exclude<Field, { kind: "fact" }>, isBelow: boolean): EntryColumn[] {
  return [...columns.columns()].filter(
    ({ kind, path }) => kind === field.kind && (isBelow ? isAtOrBelow(path, field.path) : path === field.path),
  );
}

function anyOf(columns: readonly EntryColumn[], test: ValueTest): RowTest {
  const tests = columns.map(({ values }) => one(values, test));
  const [first = NEVER, ...others] = tests;
  return others.length === 0 ? first : (row) => tests.some((each) => each(row));
}

function one(values: ValueColumn | undefined, test: ValueTest): RowTest {
  if (values === undefined) return NEVER;
  return test === undefined ? (row) => values.get(row) !== undefined : values.testOf(test);
}
