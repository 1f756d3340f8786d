import type { ColumnType } from "../../table/column.ts";
import { isColumnType } from "../../table/typed-values.ts";

/** An id of this many columns is a mistake: no table has that number. */
const MAX_COLUMNS = 1_000_000;

/** The words of an id. The comma in `decimal(10,2)` does not end a word. */
export function wordsOfId(argument: string): string[] {
  return argument.split(/,(?![^(]*\))/);
}

/**
 * The column types that `typedFormatId` wrote, such as `int32` and `float64=12`; undefined where
 * they are not.
 */
export function typesOfId(words: readonly string[]): readonly ColumnType[] | undefined {
  const types: ColumnType[] = [];
  for (const word of words) {
    const [type = "", count = "1", ...more] = word.split("=");
    if (!isColumnType(type) || more.length > 0 || !/^[1-9]\d{0,6}$/.test(count)) return undefined;
    if (types.length + Number(count) > MAX_COLUMNS) return undefined;
    for (let i = 0; i < Number(count); i++) types.push(type);
  }
  return types;
}
