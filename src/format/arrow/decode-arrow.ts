import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../errors/format-errors.ts";
import { type Column, MARK, makeColumn } from "../../table/column.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { at } from "../../util/at.ts";
import { createBudget } from "../decode-budget.ts";
import type { DecodeLimits, TableSelection } from "../format.ts";
import { assertHeld } from "../instants.ts";
import { COLUMN_ARRAYS, isNumericColumnType, rowBytesOf } from "../tabular/column-arrays.ts";
import { resolveSelection } from "../tabular/table-selection.ts";
import { type ArrowReading, arrowReadingOf } from "./column-conversion.ts";
import { type ArrowContext, type ArrowPart, decodeArrowValues } from "./decode-values.ts";
import { type ArrowDictionaries, gatherArrow, indexReadingOf, readArrowDictionaries } from "./dictionaries.ts";
import { expandBuffers } from "./expand-buffers.ts";
import {
  type ArrowSource,
  type PlacedArrowBatch,
  readArrowBatch,
  readArrowBuffers,
  readArrowFooter,
} from "./footer.ts";
import type { ArrowField } from "./schema.ts";

/**
 * The key in the metadata of a file that this library wrote. In such a file a nullable column was
 * written with marks, and gets marks again even if none of its rows is null.
 */
export const ARROW_NOTE = "persistable-ts";
/** The value under that key. */
export const NOTE_VERSION = 1;

/** A column that is asked for, with its position in the file. */
interface ReadColumn {
  readonly field: ArrowField;
  readonly reading: ArrowReading;
  readonly index: number;
}

interface PlacedBatch {
  readonly batch: PlacedArrowBatch;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads a table, or a part of one. It reads only the footer, the descriptions of all record
 * batches, and the buffers of the columns and record batches that are asked for. If all rows lie in
 * one record batch, the numbers are views of the bytes.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export async function readArrow(
  source: ArrowSource,
  selection: TableSelection,
  limits: DecodeLimits,
): Promise<ColumnTable> {
  const footer = await readArrowFooter(source);
  const version = footer.notes.get(ARROW_NOTE);
  if (Number(version) > NOTE_VERSION)
    throw NewerPayloadError.ofRelease("arrow", `with version ${version} of our note in it`);
  const batches = await Promise.all(footer.batches.map((block) => readArrowBatch(source, block, footer.fields)));
  const total = batches.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const names = footer.fields.map(({ name }) => name);
  const { columnIndexes, start, end } = resolveSelection("arrow", names, total, selection);
  const columns = columnIndexes.map((index) => {
    const field = at(footer.fields, index);
    return { field, index, reading: arrowReadingOf(field) };
  });
  const context = { budget: createBudget("arrow", source.sizeBytes, limits), limits };
  const placed = placeBatches(batches, start, end);
  reserve(columns, placed, context);
  const dictionaries = await readArrowDictionaries(
    source,
    footer,
    columns.map(({ field }) => field),
    context,
  );
  const isOurs = footer.notes.has(ARROW_NOTE);
  const read = columns.map(async (column) => {
    const parts: ArrowPart[] = [];
    for (const each of placed) parts.push(await readPart(source, column, each, dictionaries, context));
    return joinParts(column, parts, end - start, isOurs && column.field.nullable);
  });
  const columnsRead = await Promise.all(read);
  for (const column of columnsRead) assertHeld("arrow", column, start);
  return new ColumnTable(columnsRead, end - start);
}

function placeBatches(batches: readonly PlacedArrowBatch[], start: number, end: number): PlacedBatch[] {
  let first = 0;
  const placed: PlacedBatch[] = [];
  for (const batch of batches) {
    const from = Math.max(start - first, 0);
    const to = Math.min(end - first, batch.rowCount);
    if (from < to) placed.push({ batch, from, to });
    first += batch.rowCount;
  }
  return placed;
}

/**
 * Counts what will be read against the limits before anything is allocated. The size of the file
 * does not bound it: several parts of a file may refer to the same bytes, and nulls take no bytes.
 */
function reserve(
  columns: readonly ReadColumn[],
  placed: readonly PlacedBatch[],
  { budget, limits }: ArrowContext,
): void {
  const rowCount = placed.reduce((sum, { batch }) => sum + batch.rowCount, 0);
  const listed = columns.filter(({ reading }) => !isNumericColumnType(reading.type));
  const cells = columns.length === 0 ? rowCount : listed.length * rowCount;
  if (cells > limits.maxNodes) throw new DecodeLimitError("arrow", "maxNodes", limits.maxNodes);
  for (const { field, reading } of columns)
    budget.take(rowCount * (rowBytesOf(reading.type) + (field.nullable ? 1 : 0)));
}

async function readPart(
  source: ArrowSource,
  { field, reading, index }: ReadColumn,
  { batch, from, to }: PlacedBatch,
  dictionaries: ArrowDictionaries,
  context: ArrowContext,
): Promise<ArrowPart> {
  const place = batch.places[index];
  if (place === undefined)
    throw new DecodeError(
      "arrow",
      `column ${field.name} stands after columns of types that are newer than this reader, and cannot be found`,
    );
  if (place.nodes[0]?.length !== batch.rowCount)
    throw new DecodeError("arrow", `column ${field.name} has not one value for each row`);
  const buffers = expandBuffers(await readArrowBuffers(source, place.buffers), batch.codec, context.budget);
  if (field.dictionary === undefined)
    return cutPart(decodeArrowValues(reading, batch.rowCount, buffers, context, place.nodes[1]?.length), from, to);
  const indexes = decodeArrowValues(indexReadingOf(field.dictionary, field.name), batch.rowCount, buffers, context);
  return gatherArrow(cutPart(indexes, from, to), dictionaries.get(field.dictionary.id), reading, context);
}

function cutPart({ values, marks }: ArrowPart, from: number, to: number): ArrowPart {
  if (from === 0 && to === values.length) return { values, marks };
  const cut = Array.isArray(values) ? values.slice(from, to) : (values as Float64Array).subarray(from, to);
  return { values: cut, marks: marks?.subarray(from, to) };
}

function joinParts(
  { field, reading }: ReadColumn,
  parts: readonly ArrowPart[],
  rowCount: number,
  isMarked: boolean,
): Column {
  const { name } = field;
  const { type } = reading;
  const [only] = parts;
  let values: ArrayLike<unknown>;
  if (parts.length === 1 && only !== undefined) values = only.values;
  else if (isNumericColumnType(type)) {
    const joined = new COLUMN_ARRAYS[type](rowCount) as Float64Array;
    let at = 0;
    for (const part of parts) {
      joined.set(part.values as ArrayLike<number>, at);
      at += part.values.length;
    }
    values = joined;
  } else values = parts.flatMap((part) => Array.from(part.values));
  return makeColumn(name, type, values, joinMarks(parts, rowCount, isMarked));
}

function joinMarks(parts: readonly ArrowPart[], rowCount: number, isMarked: boolean): Uint8Array | undefined {
  const hasNulls = parts.some(({ marks }) => marks?.includes(MARK.null));
  if (!hasNulls && !isMarked) return undefined;
  const joined = new Uint8Array(rowCount);
  let at = 0;
  for (const { values, marks } of parts) {
    if (marks !== undefined) joined.set(marks, at);
    at += values.length;
  }
  return joined;
}
