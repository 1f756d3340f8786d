import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { ValueTest } from "../query/matches.ts";
import { RowNumbers } from "./row-numbers.ts";

/** A row without a value that is not a number has this code. */
const NO_CODE = 0;

/** Values of some rows, each distinct value once. */
export interface CodedValues {
  /** For each row the place of its value in `values`, plus one; 0 if it has none. */
  readonly codes: Uint32Array;
  readonly values: readonly JsonValue[];
}

/**
 * The values of one field, at most one for each row. Numbers are kept in an array. Each distinct
 * other value is kept once, as JSON.
 */
export class ValueColumn {
  /** A row without a number holds NaN, which a number of JSON never is. */
  #numbers: RowNumbers<Float64Array> | undefined;
  /** For each row the place of its value in `values`, plus one. */
  #codes: RowNumbers<Int32Array> | undefined;
  #values: JsonValue[] = [];
  /** The codes of values; absent until a value is looked for. */
  #coded: Codes | undefined;
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
      const code = this.#codeFor(value);
      this.#setCode(row, code);
      if (typeof value === "string") [this.#lastText, this.#lastCode] = [value, code];
    }
  }

  setNumber(row: number, value: number): void {
    this.#numbers ??= new RowNumbers(newNumbers);
    this.#numbers.set(row, value);
  }

  /** Returns the code of a value that is not a number. A new value gets the next code. */
  #codeFor(value: JsonValue): number {
    this.#coded ??= new Codes(this.#values);
    const known = this.#coded.of(value);
    if (known !== undefined) return known;
    const code = this.#values.push(value);
    this.#coded.set(value, code);
    return code;
  }

  #setCode(row: number, code: number): void {
    this.#codes ??= new RowNumbers(newCodes);
    this.#codes.set(row, code);
  }

  get(row: number): JsonValue | undefined {
    const number = this.numberAt(row);
    if (!Number.isNaN(number)) return number;
    const code = this.codeAt(row);
    return code === NO_CODE ? undefined : this.#values[code - 1];
  }

  /** The number of a row; NaN where it has none. */
  numberAt(row: number): number {
    return this.#numbers?.at(row) ?? Number.NaN;
  }

  /** The code of the value of a row that is not a number, 0 where there is none. */
  codeAt(row: number): number {
    return this.#codes?.at(row) ?? NO_CODE;
  }

  /** The values that are not numbers, each once; the code of a value is its place plus one. */
  distinctValues(): readonly JsonValue[] {
    return this.#values;
  }

  /** The code of a value that is not a number; `undefined` where no row has it. */
  codeOf(value: JsonValue): number | undefined {
    this.#coded ??= new Codes(this.#values);
    return this.#coded.of(value);
  }

  /** Sets the marks of all rows that have a value; with a test, of those whose value passes it. */
  mark(marks: Uint8Array, test: ValueTest | undefined): void {
    for (const { values, start } of this.#numbers?.parts() ?? []) markNumbers(marks.subarray(start), values, test);
    if (this.#codes === undefined) return;
    // Each distinct value is tested once.
    const fits = Uint8Array.from([0, ...this.#values.map((value) => Number(test === undefined || test.fits(value)))]);
    for (const { values, start } of this.#codes.parts()) markCodes(marks.subarray(start), values, fits);
  }

  /** The values of some rows that are not numbers, each once, with the number of its rows. */
  *countsAt(rows: ArrayLike<number>): Generator<{ readonly value: JsonValue; readonly count: number }> {
    if (this.#codes === undefined) return;
    const counts = new Uint32Array(this.#values.length + 1);
    for (let i = 0; i < rows.length; i++) {
      const code = this.codeAt(rows[i] ?? 0);
      counts[code] = (counts[code] ?? 0) + 1;
    }
    for (const [index, value] of this.#values.entries()) {
      const count = counts[index + 1] ?? 0;
      if (count > 0) yield { value, count };
    }
  }

  /** The numbers of some rows, NaN where there is none; `undefined` where no row has one. */
  numbersAt(rows: ArrayLike<number>): Float64Array | undefined {
    if (this.#numbers === undefined) return undefined;
    const found = new Float64Array(rows.length);
    let isEmpty = true;
    for (let i = 0; i < rows.length; i++) {
      const number = this.numberAt(rows[i] ?? 0);
      found[i] = number;
      if (isEmpty && !Number.isNaN(number)) isEmpty = false;
    }
    return isEmpty ? undefined : found;
  }

  /** The values of some rows that are not numbers; `undefined` where no row has one. */
  codedAt(rows: ArrayLike<number>): CodedValues | undefined {
    if (this.#codes === undefined) return undefined;
    const values: JsonValue[] = [];
    const newCodeOf = new Uint32Array(this.#values.length + 1);
    const codes = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const code = this.codeAt(rows[i] ?? 0);
      if (code !== NO_CODE && newCodeOf[code] === NO_CODE)
        newCodeOf[code] = values.push(this.#values[code - 1] ?? null);
      codes[i] = newCodeOf[code] ?? NO_CODE;
    }
    return values.length === 0 ? undefined : { codes, values };
  }

  /** Sets the values of many rows. -1 stands for a row that is left out, NaN for no number. */
  setMany(rows: Int32Array, values: Float64Array | CodedValues): void {
    if (values instanceof Float64Array) this.#setNumbers(rows, values);
    else this.#setCoded(rows, values);
  }

  #setNumbers(rows: Int32Array, values: Float64Array): void {
    for (let i = 0; i < rows.length; i++) {
      const [row = -1, value = Number.NaN] = [rows[i], values[i]];
      if (row !== -1 && !Number.isNaN(value)) this.setNumber(row, value);
    }
  }

  #setCoded(rows: Int32Array, { codes, values }: CodedValues): void {
    const codeOf = values.map((value) => this.#codeFor(value));
    for (let i = 0; i < rows.length; i++) {
      const [row = -1, code] = [rows[i], codeOf[(codes[i] ?? NO_CODE) - 1]];
      if (row !== -1 && code !== undefined) this.#setCode(row, code);
    }
  }

  /** Sets the values of the first rows of an empty column. The arrays are not copied. */
  setFirst(values: Float64Array | CodedValues): void {
    if (values instanceof Float64Array) {
      this.#numbers = new RowNumbers(newNumbers, values);
      return;
    }
    const { buffer, byteOffset, length } = values.codes;
    this.#codes = new RowNumbers(newCodes, new Int32Array(buffer, byteOffset, length));
    this.#values = [...values.values];
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

function markCodes(marks: Uint8Array, codes: Int32Array, fits: Uint8Array): void {
  const end = Math.min(marks.length, codes.length);
  for (let row = 0; row < end; row++) if (fits[codes[row] ?? NO_CODE] === 1) marks[row] = 1;
}

function newNumbers(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

function newCodes(length: number): Int32Array {
  return new Int32Array(length);
}

/** The codes of values. A text is found by itself, any other value by its JSON. */
class Codes {
  readonly #ofText = new Map<string, number>();
  readonly #ofJson = new Map<string, number>();

  constructor(values: readonly JsonValue[]) {
    for (const [index, value] of values.entries()) this.set(value, index + 1);
  }

  of(value: JsonValue): number | undefined {
    return typeof value === "string" ? this.#ofText.get(value) : this.#ofJson.get(JSON.stringify(value));
  }

  set(value: JsonValue, code: number): void {
    if (typeof value === "string") this.#ofText.set(value, code);
    else this.#ofJson.set(JSON.stringify(value), code);
  }
}
