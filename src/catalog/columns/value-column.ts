import type { JsonValue } from "../../canonical/tagged-json.ts";

/** A row without a text has this code. */
const NO_CODE = 0;

/**
 * The values of one field, at most one for each row. Numbers lie side by side; of the other values,
 * each distinct one is kept once, as JSON.
 */
export class ValueColumn {
  /** A row without a number holds NaN, which a number of JSON never is. */
  #numbers: Float64Array | undefined;
  /** For each row the place of its value in `values`, plus one. */
  #codes: Int32Array | undefined;
  readonly #values: JsonValue[] = [];
  readonly #codeOf = new Map<string, number>();

  set(row: number, value: JsonValue): void {
    if (typeof value === "number") this.setNumber(row, value);
    else this.setText(row, JSON.stringify(value), () => value);
  }

  setNumber(row: number, value: number): void {
    this.#numbers = roomFor(this.#numbers, row, newNumbers);
    this.#numbers[row] = value;
  }

  /** Sets a value that is not a number by its JSON, which is parsed where it is new. */
  setText(row: number, json: string, parse: (json: string) => JsonValue): void {
    const known = this.#codeOf.get(json);
    const code = known ?? this.#values.push(parse(json));
    if (known === undefined) this.#codeOf.set(json, code);
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

  /** The test of a row, from one of a value. Each distinct value is tested once. */
  testOf(test: (value: JsonValue) => boolean): (row: number) => boolean {
    const numbers = this.#numbers;
    const codes = this.#codes;
    const fits = Uint8Array.from([0, ...this.#values.map((value) => Number(test(value)))]);
    const codeFits = (row: number): boolean => codes !== undefined && fits[codes[row] ?? NO_CODE] === 1;
    if (numbers === undefined) return codeFits;
    return (row) => {
      const number = numbers[row];
      return number === undefined || Number.isNaN(number) ? codeFits(row) : test(number);
    };
  }

  /** The numbers of some rows, NaN where there is none; `undefined` where no row has one. */
  numbersAt(rows: readonly number[]): Float64Array | undefined {
    const numbers = this.#numbers;
    if (numbers === undefined) return undefined;
    const found = Float64Array.from(rows, (row) => numbers[row] ?? Number.NaN);
    return found.every((number) => Number.isNaN(number)) ? undefined : found;
  }

  /** The JSON of the other values, "" where there is none; `undefined` where no row has one. */
  textsAt(rows: readonly number[]): string[] | undefined {
    const codes = this.#codes;
    if (codes === undefined) return undefined;
    const texts = ["", ...this.#codeOf.keys()];
    const found = rows.map((row) => texts[codes[row] ?? NO_CODE] ?? "");
    return found.every((text) => text === "") ? undefined : found;
  }
}

function newNumbers(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

function newCodes(length: number): Int32Array {
  return new Int32Array(length);
}

/** The array itself, or a larger copy that has the row. */
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
