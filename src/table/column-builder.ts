import { InvalidColumnTableError } from "../errors/format-errors.ts";
import { fitsColumn, typeOfCell } from "./cell-type.ts";
import { type Column, type ColumnType, type ColumnValues, MARK, makeColumn } from "./column.ts";
import { describeCell } from "./describe-cell.ts";
import { exampleOf, isExactTextType } from "./exact-text.ts";
import { cellAt } from "./read-cell.ts";
import { bigintArrays, fillerOf, isBigintType, isNumberType, type NumberValues, numberArrays } from "./typed-values.ts";

const NO_BYTES = new Uint8Array(0);

/** One column, while it is filled row by row. */
export class ColumnBuilder {
  readonly name: string;
  readonly #rowCount: number;
  readonly #declared: ColumnType | undefined;
  #type: ColumnType | undefined;
  /** The number of rows so far. */
  #length = 0;
  #marks: Uint8Array | undefined;
  // One field for each kind of array: the engine is faster if a field always has the same kind.
  #numbers: NumberValues = NO_BYTES;
  #bigints: BigInt64Array | BigUint64Array = new BigInt64Array(0);
  #list: unknown[] = [];

  constructor(name: string, rowCount: number, declared?: ColumnType) {
    this.name = name;
    this.#rowCount = rowCount;
    this.#declared = declared;
    if (declared !== undefined) this.#begin(declared, 0);
  }

  /**
   * Adds the value of a row. Rows come in order; a row for which this is not called lacks the key.
   */
  push(row: number, value: unknown): void {
    if (this.#length < row) this.#skipTo(row);
    this.#length = row + 1;
    if (typeof value === "number" && this.#type === "float64") this.#numbers[row] = value;
    else if (typeof value === "string" && this.#type === "string") this.#list.push(value);
    else if (value === null) this.#mark(row, MARK.null);
    else this.#store(row, value);
  }

  finish(): Column {
    this.#skipTo(this.#rowCount);
    const type = this.#type ?? "value";
    if (this.#type === undefined) this.#begin(type, this.#rowCount);
    return makeColumn(this.name, type, this.#valuesOf(type), this.#marks);
  }

  #store(row: number, value: unknown): void {
    const wanted = this.#declared ?? typeOfCell(value);
    if (this.#declared !== undefined && !fitsColumn(wanted, value)) this.#refuse(row, value, wanted);
    if (this.#type === undefined) this.#begin(wanted, row);
    else if (this.#type !== wanted && this.#type !== "value") this.#widen(row);
    const type = this.#type ?? wanted;
    if (type === "boolean") this.#numbers[row] = value === true ? 1 : 0;
    else if (type === "date" && value instanceof Date) this.#numbers[row] = value.getTime();
    else if (typeof value === "bigint" && isBigintType(type)) this.#bigints[row] = value;
    else if (typeof value === "number" && isNumberType(type)) this.#numbers[row] = value;
    else this.#list.push(value);
  }

  #begin(type: ColumnType, rowsBefore: number): void {
    this.#type = type;
    if (isNumberType(type)) this.#numbers = new numberArrays[type](this.#rowCount);
    else if (isBigintType(type)) this.#bigints = new bigintArrays[type](this.#rowCount);
    else for (let row = 0; row < rowsBefore; row++) this.#list.push(fillerOf(type));
  }

  /** Turns a column of one type into a column of the type `value`, which takes any value. */
  #widen(rowsBefore: number): void {
    const type = this.#type ?? "value";
    const column = makeColumn(this.name, type, this.#valuesOf(type));
    const list: unknown[] = [];
    for (let row = 0; row < rowsBefore; row++)
      list.push(this.#marks !== undefined && this.#marks[row] !== MARK.present ? undefined : cellAt(column, row));
    this.#type = "value";
    this.#list = list;
  }

  #skipTo(row: number): void {
    for (; this.#length < row; this.#length++) this.#mark(this.#length, MARK.absent);
  }

  #mark(row: number, mark: number): void {
    this.#marks ??= new Uint8Array(this.#rowCount);
    this.#marks[row] = mark;
    const type = this.#type;
    if (type !== undefined && !isNumberType(type) && !isBigintType(type)) this.#list.push(fillerOf(type));
  }

  #valuesOf(type: ColumnType): ColumnValues {
    if (isNumberType(type)) return this.#numbers;
    return isBigintType(type) ? this.#bigints : this.#list;
  }

  #refuse(row: number, value: unknown, type: ColumnType): never {
    throw new InvalidColumnTableError(
      "rows",
      [row, this.name],
      `is ${describeCell(value)}, which a column of type ${type} cannot hold`,
      isExactTextType(type)
        ? `Give a text such as ${JSON.stringify(exampleOf(type))}.`
        : "Declare a wider type, or leave the declaration out.",
    );
  }
}
