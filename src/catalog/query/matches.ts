import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { CatalogEntry } from "./catalog-entry.ts";
import { type Field, hasField, parseField, valuesOf } from "./field.ts";
import { isTimeText, numericValue, type Operand, operandOf, textOf, timeValue } from "./operand.ts";
import type { Operator, Query, Term } from "./query.ts";

/**
 * Whether every term of a query holds for an artifact. Several names without an operator mean any
 * of them.
 *
 * @example
 * ```ts
 * import { matches, openCatalog, parseQuery } from "persistable-ts/catalog";
 *
 * const { artifacts } = await openCatalog("example-data").find("");
 * const wide = artifacts.filter((entry) => matches(parseQuery("zThreshold>2"), entry));
 * ```
 */
export function matches(query: Query, entry: CatalogEntry): boolean {
  return compileQuery(query, Date.now())(entry);
}

/** Prepares {@link matches} for many entries. Relative times count from `nowMs`. */
export function compileQuery(query: Query, nowMs: number): (entry: CatalogEntry) => boolean {
  const names = namesOf(query);
  const tests = query.terms.filter((term) => !isName(term)).map((term) => compileTerm(term, nowMs));
  return (entry) => (names === undefined || names.has(entry.name)) && tests.every((test) => test(entry));
}

/** The names that a query asks for; `undefined` where it asks for all of them. */
export function namesOf({ terms }: Query): ReadonlySet<string> | undefined {
  const names = terms.filter(isName).map(({ value }) => value?.text ?? "");
  return names.length === 0 ? undefined : new Set(names);
}

/** `estimator`, and also `name=estimator`. */
export function isName({ field, operator, isNegated }: Term): boolean {
  return field === "name" && operator === "=" && !isNegated;
}

function compileTerm(term: Term, nowMs: number): (entry: CatalogEntry) => boolean {
  const field = parseField(term.field);
  const test = compileValue(term, field, nowMs);
  const holds = (entry: CatalogEntry): boolean =>
    test === undefined ? hasField(entry, field) : valuesOf(entry, field).some(test.fits);
  return term.isNegated ? (entry) => !holds(entry) : holds;
}

/** The test of a single value. */
export interface ValueTest {
  readonly fits: (value: JsonValue) => boolean;
  /**
   * The same test as a comparison of plain numbers, which is faster; absent if only `fits` can
   * tell.
   */
  readonly numbers?: { readonly operator: Operator; readonly operand: number };
}

/** Returns the test of a term; `undefined` if any value passes. */
export function compileValue({ operator, value }: Term, field: Field, nowMs: number): ValueTest | undefined {
  if (operator === "?" || value === undefined) return undefined;
  const operand = operandOf(field, value, nowMs);
  const isAddress = field.kind === "fact" && (field.fact === "from" || field.fact === "address");
  if (isAddress && operator === "=") {
    const digits = operand.text.toLowerCase();
    return { fits: (address) => textOf(address).startsWith(digits) };
  }
  if (operator === "~") {
    const part = operand.text.toLowerCase();
    return { fits: (found) => textOf(found).toLowerCase().includes(part) };
  }
  const { isText, number } = operand;
  const fits = (found: JsonValue): boolean =>
    operator === "=" ? equals(found, operand) : isOrdered(found, operator, operand);
  return isText || number === undefined ? { fits } : { fits, numbers: { operator, operand: number } };
}

function equals(value: JsonValue, { text, isText, number, timeMs }: Operand): boolean {
  if (typeof value === "string" || isText) return value === text;
  const own = numericValue(value);
  if (own !== undefined && number !== undefined) return own === number || (Number.isNaN(own) && Number.isNaN(number));
  const time = timeValue(value);
  // A day, a year or a minute equals every time in it: the text of each begins with it.
  if (time !== undefined) return time === timeMs || (isTimeText(text) && textOf(value).startsWith(text));
  return textOf(value) === text;
}

/** Numbers compare with numbers, times with times, and texts with texts; nothing else compares. */
function isOrdered(value: JsonValue, operator: Operator, { text, isText, number, timeMs }: Operand): boolean {
  if (typeof value === "string") return number === undefined || isText ? compare(value, text, operator) : false;
  if (isText) return false;
  const own = numericValue(value);
  if (own !== undefined) return number !== undefined && compare(own, number, operator);
  const time = timeValue(value);
  return time !== undefined && timeMs !== undefined && compare(time, timeMs, operator);
}

function compare<Value extends number | string>(one: Value, other: Value, operator: Operator): boolean {
  switch (operator) {
    case "<":
      return one < other;
    case "<=":
      return one <= other;
    case ">":
      return one > other;
    default:
      return one >= other;
  }
}
