import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { ValueTest } from "../query/matches.ts";

/** A row without a text has this code. */
const NO_CODE = 0;

/**
 * The values of one field, at most one for each row. Numbers are kept in an array. Each distinct
 * other value is kept once, as JSON.
 */
export class ValueColumn {
  /** A row without a number holds NaN, which a number of JSON never is. */
  #numbers: Float64Array | undefined;
  /** For each row the place of its value in `values`, plus one. */
  #codes: Int32Array | undefined;
  readonly #values: JsonValue[] = [];
  readonly #codeOf = new Map<string, number>();
  /** The text that was set last: consecutive rows often have the same one. */
  #lastText: string | undefined;
  #lastCode = NO_CODE;

  /** Whether there are values that are not numbers. */
  get hasTexts(): boolean {
    return this.#values.length > 0;
  }

  set(row: number, value: JsonValue): void {
    if (typeof value === "number") this.setNumber(row, value);
    else if (typeof value === "string" && value === this.#lastText) this.#setCode(row, this.#lastCode);
    else {
      const code = this.#setJson(row, JSON.stringify(value), () => value);
      if (typeof value === "string") [this.#lastText, this.#lastCode] = [value, code];
    }
  }

  setNumber(row: number, value: number): void {
    this.#numbers = roomFor(this.#numbers, row, newNumbers);
    this.#numbers[row] = value;
  }

  /** Sets a value that is not a number by its JSON. Only a JSON text that is new is parsed. */
  #setJson(row: number, json: string, parse: (json: string) => JsonValue): number {
    const known = this.#codeOf.get(json);
    const code = known ?? this.#values.push(parse(json));
    if (known === undefined) this.#codeOf.set(json, code);
    this.#setCode(row, code);
    return code;
  }

  #setCode(row: number, code: number): void {
    this.#codes = roomFor(this.#codes, row, newCodes);
    this.#codes[row] = code;
  }

  get(row: number): JsonValue | undefined {
    const number = this.#numbers?.[row];
    if (number !== undefined && !Number.isNaN(number)) return number;
    const code = this.#codes?.[row] ?? NO_CODE;
    return code === NO_CODE ? undefined : this.#values[code - 1];
  }

  /** The number of a row; NaN where it has none. */
  numberAt(row: number): number {
    return this.#numbers?.[row] ?? Number.NaN;
  }

  /** The code of the value of a row that is not a number, 0 where there is none. */
  codeAt(row: number): number {
    return this.#codes?.[row] ?? NO_CODE;
  }

  /** The code of a value that is not a number, by its JSON; `undefined` where no row has it. */
  codeOf(json: string): number | undefined {
    return this.#codeOf.get(json);
  }

  /** Sets the marks of all rows that have a value; with a test, of those whose value passes it. */
  mark(marks: Uint8Array, test: ValueTest | undefined): void {
    if (this.#numbers !== undefined) markNumbers(marks, this.#numbers, test);
    const codes = this.#codes;
    if (codes === undefined) return;
    // Each distinct value is tested once.
    const fits = Uint8Array.from([0, ...this.#values.map((value) => Number(test === undefined || test.fits(value)))]);
    const end = Math.min(marks.length, codes.length);
    for (let row = 0; row < end; row++) if (fits[codes[row] ?? NO_CODE] === 1) marks[row] = 1;
  }

  /** The numbers of some rows, NaN where there is none; `undefined` where no row has one. */
  numbersAt(rows: ArrayLike<number>): Float64Array | undefined {
    const numbers = this.#numbers;
    if (numbers === undefined) return undefined;
    const found = new Float64Array(rows.length);
    let isEmpty = true;
    for (let i = 0; i < rows.length; i++) {
      const number = numbers[rows[i] ?? 0] ?? Number.NaN;
      found[i] = number;
      if (isEmpty && !Number.isNaN(number)) isEmpty = false;
    }
    return isEmpty ? undefined : found;
  }

  /** The JSON of the other values, "" where there is none; `undefined` where no row has one. */
  textsAt(rows: ArrayLike<number>): string[] | undefined {
    const codes = this.#codes;
    if (codes === undefined) return undefined;
    const texts = ["", ...this.#codeOf.keys()];
    const found = Array.from(rows, (row) => texts[codes[row] ?? NO_CODE] ?? "");
    return found.every((text) => text === "") ? undefined : found;
  }

  /** Sets the values of many rows; -1 stands for a row that is left out, NaN for no value. */
  setNumbers(rows: Int32Array, values: Float64Array): void {
    for (let i = 0; i < rows.length; i++) {
      const [row = -1, value = Number.NaN] = [rows[i], values[i]];
      if (row !== -1 && !Number.isNaN(value)) this.setNumber(row, value);
    }
  }

  /** Sets the values of the first rows of a column without numbers, with room for more rows. */
  setFirstNumbers(values: Float64Array): void {
    this.#numbers = newNumbers(Math.ceil(values.length * 1.125));
    this.#numbers.set(values);
  }

  /**
   * Does what {@link setNumbers} does for other values, which are given as JSON; "" means no value.
   */
  setTexts(rows: Int32Array, texts: readonly string[], parse: (json: string) => JsonValue): void {
    let last = "";
    let code = NO_CODE;
    // The last row is set first, which makes room for all rows at once.
    for (let i = rows.length - 1; i >= 0; i--) {
      const [row = -1, text = ""] = [rows[i], texts[i]];
      if (row === -1 || text === "") continue;
      if (text === last) this.#setCode(row, code);
      else [last, code] = [text, this.#setJson(row, text, parse)];
    }
  }
}

function markNumbers(marks: Uint8Array, values: Float64Array, test: ValueTest | undefined): void {
  const end = Math.min(marks.length, values.length);
  const { operator, operand = 0 } = test?.numbers ?? {};
  // One loop for each operator: a call for each row would take several times as long.
  switch (operator) {
    case "=":
      for (let row = 0; row < end; row++) if (values[row] === operand) marks[row] = 1;
      return;
    case "<":
      for (let row = 0; row < end; row++) if ((values[row] ?? Number.NaN) < operand) marks[row] = 1;
      return;
    case "<=":
      for (let row = 0; row < end; row++) if ((values[row] ?? Number.NaN) <= operand) marks[row] = 1;
      return;
    case ">":
      for (let row = 0; row < end; row++) if ((values[row] ?? Number.NaN) > operand) marks[row] = 1;
      return;
    case ">=":
      for (let row = 0; row < end; row++) if ((values[row] ?? Number.NaN) >= operand) marks[row] = 1;
      return;
    default:
      for (let row = 0; row < end; row++) {
        const number = values[row] ?? Number.NaN;
        if (!Number.isNaN(number) && (test === undefined || test.fits(number))) marks[row] = 1;
      }
  }
}

function newNumbers(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

function newCodes(length: number): Int32Array {
  return new Int32Array(length);
}

/** Returns the array itself, or a larger copy that has room for the row. */
function roomFor<Values extends Float64Array | Int32Array>(
  values: Values | undefined,
  row: number,
  create: (length: number) => Values,
): Values {
  if (values !== undefined && row < values.length) return values;
  const larger = create(Math.max(16, row + 1, Math.ceil((values?.length ?? 0) * 1.5)));
  if (values !== undefined) larger.set(values);
  return larger;
}
