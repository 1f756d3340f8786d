import { UnknownFormatError } from "../../errors/format-errors.ts";
import { type CsvColumnType, isCsvColumnType } from "../csv/csv-cells.ts";
import { type CsvDelimiter, csvDelimiters } from "../csv/csv-layout.ts";
import { decodeCsv } from "../csv/decode-csv.ts";
import type { Format } from "../format.ts";
import { typesOfId, wordsOfId } from "./types-of-id.ts";

/** Reads CSV files by what their id says: the delimiter, and the types of the columns in order. */
export function csvOfId(argument: string): Pick<Format, "id" | "decode"> {
  const id = argument === "" ? "csv" : `csv(${argument})`;
  const words = argument === "" ? [] : wordsOfId(argument);
  const delimiter = delimiterOf(words[0]);
  const types = typesOfId(delimiter === "," ? words : words.slice(1));
  if (types === undefined || !types.every(isCsvColumnType)) throw new UnknownFormatError(id);
  return {
    id,
    decode(bytes, limits) {
      const texts = decodeCsv(bytes, { delimiter }, limits);
      if (types.length === 0) return texts;
      const columns = types.map((type, i): [string, CsvColumnType] => [
        texts.columns[i]?.name ?? `column ${i + 1}`,
        type,
      ]);
      return decodeCsv(bytes, { delimiter, columns: new Map(columns) }, limits);
    },
  };
}

function delimiterOf(word: string | undefined): CsvDelimiter {
  for (const delimiter of [";", "\t", "|"] as const) if (csvDelimiters[delimiter] === word) return delimiter;
  return ",";
}
