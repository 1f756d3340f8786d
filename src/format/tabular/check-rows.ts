import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { fitsColumn, typeOfCell } from "../../table/cell-type.ts";
import type { ColumnType } from "../../table/column.ts";
import { describeCell } from "../../table/describe-cell.ts";
import { exampleOf, isExactTextType } from "../../table/exact-text.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { hasExtraKeys, hasOddKeys, isGetter, isSetter } from "../own-keys.ts";
import { viewProblem } from "../view-problem.ts";

const VALUE_ITSELF = "Give the value itself.";
const PLAIN = "Give an array of plain objects, or use structured(), the default.";

/**
 * Throws unless the value is an array of plain records whose cells a table gives back as they are.
 * It does not look into nested values, which the format itself checks.
 *
 * @param types - the types of declared columns, which their cells must have
 * @throws {@link UnsupportedPayloadError}
 */
export function checkRows(
  format: string,
  rows: unknown,
  types: { readonly [name: string]: ColumnType } = {},
): asserts rows is readonly object[] {
  assertPlainArray(format, rows);
  for (let i = 0; i < rows.length; i++) {
    if (!Object.hasOwn(rows, i)) throw new UnsupportedPayloadError(format, [i], "is a hole", PLAIN);
    checkRow(format, rows[i], i, types);
  }
}

/** Throws unless the value is an array that has only its elements. */
export function assertPlainArray(format: string, rows: unknown): asserts rows is readonly unknown[] {
  if (typeof rows !== "object" || rows === null || isProxy(rows) || !isPlainArray(rows))
    throw new UnsupportedPayloadError(format, [], "is not a plain array", PLAIN);
}

function isPlainArray(value: object): value is readonly unknown[] {
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype && !hasExtraKeys(value);
}

/** A problem of a value, and advice. */
type Problem = readonly [what: string, suggestion: string];

function checkRow(format: string, row: unknown, index: number, types: { readonly [name: string]: ColumnType }): void {
  const problem = rowProblem(row);
  if (problem !== undefined) throw new UnsupportedPayloadError(format, [index], ...problem);
  const record = row as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(record)) {
    const wrong = cellProblem(record, key, Object.hasOwn(types, key) ? types[key] : undefined);
    if (wrong !== undefined) throw new UnsupportedPayloadError(format, [index, key], ...wrong);
  }
}

function rowProblem(row: unknown): Problem | undefined {
  if (typeof row !== "object" || row === null) return [`is ${describeCell(row)}`, PLAIN];
  if (isProxy(row)) return ["is a proxy", "Give the plain object behind it."];
  const prototype: unknown = Object.getPrototypeOf(row);
  if (prototype === null) return ["is an object without a prototype", PLAIN];
  if (prototype !== Object.prototype) return [`is ${describeCell(row)}`, PLAIN];
  return hasOddKeys(row, Object.keys(row).length) ? ["has symbol keys, or hidden ones", "Use text keys."] : undefined;
}

function cellProblem(
  row: Readonly<Record<string, unknown>>,
  key: string,
  type: ColumnType | undefined,
): Problem | undefined {
  if (isGetter(row, key)) return ["is a getter", VALUE_ITSELF];
  const cell = row[key];
  if (cell === undefined && isSetter(row, key)) return ["is a setter", VALUE_ITSELF];
  const problem = typeof cell === "object" && cell !== null ? cellObjectProblem(cell) : undefined;
  if (problem !== undefined || type === undefined || cell === null || fitsColumn(type, cell)) return problem;
  const advice = isExactTextType(type)
    ? `give a text such as ${JSON.stringify(exampleOf(type))}`
    : "declare a wider type, or correct the value";
  return [`is ${describeCell(cell)}`, `The column is declared as ${type}: ${advice}.`];
}

/** Says what is wrong with an object in a cell, for problems that its column does not check. */
export function cellObjectProblem(cell: object): Problem | undefined {
  if (isProxy(cell)) return ["is a proxy", VALUE_ITSELF];
  const type = typeOfCell(cell);
  if (type === "date" && Reflect.ownKeys(cell).length > 0)
    return ["is a date with keys of its own", "Use another key."];
  return type !== "value" && ArrayBuffer.isView(cell) ? viewProblem(cell) : undefined;
}
