import { DecodeError, UnknownFormatError } from "../../errors/format-errors.ts";
import { ColumnTable } from "../../table/column-table.ts";
import type { Format } from "../format.ts";
import { parseJsonLines } from "../lines/decode-json-lines.ts";
import { ndjson } from "../lines/ndjson-format.ts";
import { ndjsonTable } from "../lines/ndjson-table.ts";
import { typesOfId, wordsOfId } from "./types-of-id.ts";

/** Reads JSON lines by what their id says: nothing, or the types of the columns in order. */
export function ndjsonOfId(argument: string): Pick<Format, "id" | "decode"> {
  if (argument === "") return ndjson();
  const id = `ndjson(${argument})`;
  if (argument.startsWith("types="))
    throw new UnknownFormatError(
      id,
      "It holds a digest of the types only. Read with ndjson({ types, rows: true }) of the definition.",
    );
  const types = typesOfId(wordsOfId(argument));
  if (types === undefined) throw new UnknownFormatError(id);
  return {
    id,
    decode(bytes, limits) {
      const lines = parseJsonLines("ndjson", bytes, limits);
      if (lines.length === 0) return new ColumnTable([], 0);
      const names = lines.map((line) => Object.keys(Object(line))).find(({ length }) => length === types.length);
      if (names === undefined)
        throw new DecodeError(
          "ndjson",
          `no line has all of the ${types.length} columns, so their order is not known: read them with ndjson({ columns }) of the definition`,
        );
      return ndjsonTable(new Map(names.map((name, i) => [name, types[i] ?? "value"]))).decode(bytes, limits);
    },
  };
}
