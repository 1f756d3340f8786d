import { fitsColumn } from "../../table/cell-type.ts";
import type { CsvColumnType } from "./csv-cells.ts";
import { csvValueOf } from "./csv-cells.ts";

/** The types that are found by the texts of a column, the first that fits all of them. */
const FOUND: readonly CsvColumnType[] = ["boolean", "float64", "int64", "plainDate", "date", "plainDateTime"];

/** A number that people write: with a plus, without digits on one side of the point, in thirds. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
/** Such digits are a code, such as the postal code 01067, and not a number. */
const CODE = /^[+-]?0\d/;
/** A date and time with its zone, which is an instant, or without. */
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/;

/** How numbers are written. */
export type DecimalMark = "." | ",";

/**
 * Finds the type of a column by the texts in it: `boolean` for true and false, `float64`, `int64`
 * for whole numbers of which one is beyond 2^53, `plainDate`, `date` for instants with their zone,
 * `plainDateTime` for those without, and otherwise `string`.
 */
export class TypeFinder {
  readonly #decimalMark: DecimalMark;
  #possible = FOUND;
  #isEmpty = true;

  constructor(decimalMark: DecimalMark) {
    this.#decimalMark = decimalMark;
  }

  add(text: string): void {
    this.#isEmpty = false;
    if (this.#possible.length === 0) return;
    this.#possible = this.#possible.filter((type) => this.#fits(type, text.trim()));
  }

  get type(): CsvColumnType {
    return (this.#isEmpty ? undefined : this.#possible[0]) ?? "string";
  }

  #fits(type: CsvColumnType, text: string): boolean {
    if (type === "float64" && (CODE.test(text) || isBeyondNumbers(text))) return false;
    if (type === "int64" && CODE.test(text)) return false;
    return lenientValueOf(type, text, this.#decimalMark) !== undefined;
  }
}

function isBeyondNumbers(text: string): boolean {
  return INTEGER.test(text) && !Number.isSafeInteger(Number(text));
}

/**
 * Returns the value that the text of a cell means, or `undefined` if the text is not of this type.
 * It takes more than the format `csv()` writes: spaces around a value, `TRUE`, `+1`, `.5`, `1,5`
 * where that is how numbers are written, and dates and times in the forms of ISO 8601.
 */
export function lenientValueOf(type: CsvColumnType, cell: string, decimalMark: DecimalMark): unknown {
  if (type === "string") return cell;
  const text = cell.trim();
  const value = readText(type, text, decimalMark);
  return value !== undefined && fitsColumn(type, value) ? value : undefined;
}

function readText(type: CsvColumnType, text: string, decimalMark: DecimalMark): unknown {
  if (type === "boolean") return csvValueOf(type, text.toLowerCase());
  if (type === "int64" || type === "uint64") return INTEGER.test(text) ? BigInt(text.replace("+", "")) : undefined;
  if (type === "date" || type.startsWith("plainDateTime")) return readDateTime(type, text);
  if (type === "bytes" || type.startsWith("plain")) return csvValueOf(type, text);
  const plain = decimalMark === "," ? text.replace(",", ".") : text;
  if (type.startsWith("decimal")) return csvValueOf(type, plain);
  if (NUMBER.test(plain)) return withoutInfinity(Number(plain));
  return csvValueOf(type, text);
}

/** A date of the type `date` needs a zone, and one of a plain type must have none. */
function readDateTime(type: CsvColumnType, text: string): unknown {
  const [, day, minutes, seconds = ":00", fraction = "", zone] = DATE_TIME.exec(text) ?? [];
  if (day === undefined || minutes === undefined) return csvValueOf(type, text);
  if (type !== "date")
    return zone === undefined
      ? csvValueOf(type, `${day}T${minutes}${seconds}${fraction.replace(/\.?0+$/, "")}`)
      : undefined;
  if (zone === undefined) return undefined;
  const withColon = zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
  const date = new Date(`${day}T${minutes}${seconds}${fraction.slice(0, 4)}${withColon}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function withoutInfinity(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
