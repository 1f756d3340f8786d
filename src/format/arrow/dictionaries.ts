import { DecodeError } from "../../errors/format-errors.ts";
import { MARK } from "../../table/column.ts";
import { fillerOf } from "../../table/typed-values.ts";
import { COLUMN_ARRAYS, isNumericColumnType, type NumericColumnType } from "../tabular/column-arrays.ts";
import { type ArrowReading, arrowReadingOf } from "./column-conversion.ts";
import { type ArrowContext, type ArrowPart, decodeArrowValues } from "./decode-values.ts";
import { expandBuffers } from "./expand-buffers.ts";
import { type ArrowFooter, type ArrowSource, readArrowBuffers, readArrowDictionary } from "./footer.ts";
import type { ArrowDictionary, ArrowField } from "./schema.ts";

/** The values of each dictionary by its id. A file may give a dictionary in several parts. */
export type ArrowDictionaries = ReadonlyMap<number, readonly ArrowPart[]>;

/** A column that is neither nested nor of views has at most this many buffers. */
const MAX_BUFFERS = 3;

/** @throws {@link DecodeError}, {@link DecodeLimitError} */
export async function readArrowDictionaries(
  source: ArrowSource,
  footer: ArrowFooter,
  columns: readonly ArrowField[],
  context: ArrowContext,
): Promise<ArrowDictionaries> {
  const wanted = new Map<number, ArrowField>();
  for (const column of columns) if (column.dictionary !== undefined) wanted.set(column.dictionary.id, column);
  const dictionaries = new Map<number, ArrowPart[]>();
  if (wanted.size === 0) return dictionaries;
  for (const block of footer.dictionaries) {
    const { id, isDelta, batch } = await readArrowDictionary(source, block);
    const field = wanted.get(id);
    if (field === undefined) continue;
    const parts = dictionaries.get(id) ?? [];
    if (parts.length > 0 && !isDelta) throw new DecodeError("arrow", "a dictionary is there twice");
    const reading = arrowReadingOf(field);
    if (reading.type === "value")
      throw new DecodeError("arrow", `column ${field.name} has a dictionary of nested values, which is not read`);
    const { length = -1 } = batch.nodes[0] ?? {};
    if (length !== batch.rowCount) throw new DecodeError("arrow", "a dictionary has not as many values as it says");
    context.budget.take(length * 8);
    const most = reading.layout === "views" ? batch.buffers.length : MAX_BUFFERS;
    const stored = await readArrowBuffers(source, batch.buffers.slice(0, most));
    const buffers = await expandBuffers(stored, batch.codec, context.budget);
    parts.push(decodeArrowValues(reading, length, buffers, context));
    dictionaries.set(id, parts);
  }
  return dictionaries;
}

/** Says how the indexes are read that stand for a column's values. */
export function indexReadingOf({ bitWidth, signed }: ArrowDictionary, name: string): ArrowReading {
  const type = `${signed ? "" : "u"}int${bitWidth}` as NumericColumnType;
  if (!Object.hasOwn(COLUMN_ARRAYS, type) || bitWidth === 64)
    throw new DecodeError("arrow", `column ${name} has numbers of ${bitWidth} bits for its values`);
  return { layout: "same", type };
}

/** Replaces each index by the value of the dictionary that it stands for. */
export function gatherArrow(
  { values: indexes, marks }: ArrowPart,
  dictionary: readonly ArrowPart[] | undefined,
  reading: ArrowReading,
  { budget }: ArrowContext,
): ArrowPart {
  const { type } = reading;
  const { values: known, marks: knownMarks } = joinDictionary(dictionary ?? []);
  const rowCount = indexes.length;
  const isNumeric = isNumericColumnType(type);
  const values = (isNumeric ? new COLUMN_ARRAYS[type](rowCount) : new Array<unknown>(rowCount)) as unknown[];
  const gatheredMarks = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const index = Number(indexes[row]);
    const isNull = marks?.[row] === MARK.null;
    if (!isNull && !(index >= 0 && index < known.length))
      throw new DecodeError("arrow", "a value is not in the dictionary");
    if (isNull || knownMarks?.[index] === MARK.null) {
      gatheredMarks[row] = MARK.null;
      if (!isNumeric) values[row] = fillerOf(type);
    } else values[row] = known[index] instanceof Uint8Array ? ownCopy(known[index], budget) : known[index];
  }
  return { values, marks: gatheredMarks };
}

/** Copies bytes, since they can be changed: a change in one row must not show in another. */
function ownCopy(bytes: Uint8Array, budget: ArrowContext["budget"]): Uint8Array {
  budget.take(bytes.length);
  return bytes.slice();
}

function joinDictionary(parts: readonly ArrowPart[]): {
  values: readonly unknown[] | ArrayLike<unknown>;
  marks: Uint8Array | undefined;
} {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const marks = parts.flatMap((part) => Array.from(part.marks ?? new Uint8Array(part.values.length)));
  return { values: parts.flatMap((part) => Array.from(part.values)), marks: Uint8Array.from(marks) };
}
