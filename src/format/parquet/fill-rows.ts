import { MARK } from "../../table/column.ts";
import type { ColumnReading, ConvertContext, LogicalValues } from "./column-reading.ts";
import type { PhysicalValues } from "./encodings.ts";
import type { PageRows } from "./pages.ts";

/** A column while it is being filled. */
export interface ColumnFill {
  readonly column: { readonly name: string; readonly type: string; readonly values: LogicalValues };
  marks: Uint8Array | undefined;
  /** For a field of structs: the definition level of each row. */
  readonly levels?: Uint8Array | undefined;
  /** The dictionary of the current column chunk, with its values converted. */
  dictionary?: { readonly of: PhysicalValues; readonly values: LogicalValues } | undefined;
}

/** A range of rows of a row group. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
  /** The number of a row in the column is its number in the row group plus this number. */
  readonly at: number;
}

/** Copies those rows of a page that lie in the window to their rows of the column. */
export function fillPage(
  fill: ColumnFill,
  page: PageRows,
  reading: ColumnReading,
  window: RowWindow,
  context: ConvertContext,
): void {
  const first = Math.max(window.from, page.start);
  const last = Math.min(window.to, page.start + page.count);
  const skipped = countPresent(page, first - page.start);
  const taken = countPresent(page, last - page.start);
  const dense = convertPage(fill, page, { skipped, taken }, reading, context);
  const target = fill.column.values;
  const at = window.at + first;
  if (page.levels !== undefined) fill.levels?.set(page.levels.subarray(first - page.start, last - page.start), at);
  if (page.present === undefined) {
    place(target, dense, at);
    return;
  }
  fill.marks ??= new Uint8Array(target.length);
  const { marks } = fill;
  const cells = writable(target);
  for (let i = first - page.start, to = at, next = 0; i < last - page.start; i++, to++) {
    if (page.present[i] === 0) marks[to] = MARK.null;
    else cells[to] = dense[next++];
  }
}

function countPresent({ present }: PageRows, rows: number): number {
  if (present === undefined) return rows;
  let count = 0;
  for (let i = 0; i < rows; i++) count += present[i] ?? 0;
  return count;
}

/** Converts the values from `skipped` up to `taken` of a page to values of the column. */
function convertPage(
  fill: ColumnFill,
  { values, dictionary }: PageRows,
  { skipped, taken }: { readonly skipped: number; readonly taken: number },
  reading: ColumnReading,
  context: ConvertContext,
): LogicalValues {
  const wanted = cut(values, skipped, taken);
  if (dictionary === undefined) return reading.convert(wanted, context);
  const indexes = wanted as Int32Array;
  if (!reading.shareable) return reading.convert(gather(dictionary, indexes) as PhysicalValues, context);
  if (fill.dictionary?.of !== dictionary)
    fill.dictionary = { of: dictionary, values: reading.convert(dictionary, context) };
  return gather(fill.dictionary.values, indexes);
}

function cut(values: PhysicalValues, start: number, end: number): PhysicalValues {
  if (start === 0 && end === values.length) return values;
  return Array.isArray(values) ? values.slice(start, end) : values.subarray(start, end);
}

/** Returns for each index the value of the dictionary. */
export function gather(dictionary: LogicalValues, indexes: ArrayLike<number>): LogicalValues {
  const { length } = indexes;
  const gathered = ArrayBuffer.isView(dictionary) ? emptyLike(dictionary, length) : new Array<unknown>(length);
  for (let i = 0; i < length; i++) gathered[i] = dictionary[(indexes[i] ?? 0) >>> 0];
  return gathered;
}

function place(target: LogicalValues, values: LogicalValues, at: number): void {
  if (ArrayBuffer.isView(target)) (target as unknown as Float64Array).set(values as ArrayLike<number>, at);
  else {
    const cells = writable(target);
    for (let i = 0; i < values.length; i++) cells[at + i] = values[i];
  }
}

/** Allows writing to a column that is being filled. The reading gives values of the right kind. */
export function writable(values: LogicalValues): unknown[] {
  return values as unknown[];
}

function emptyLike(view: ArrayBufferView, length: number): unknown[] {
  return new (view.constructor as new (length: number) => unknown[])(length);
}
