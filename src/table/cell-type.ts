import type { ColumnType } from "./column.ts";
import { isExactText, isExactTextType } from "./exact-text.ts";
import { isStruct, isStructType } from "./struct-type.ts";
import { isBigintType, isNumberListType, isNumberType, numberArrays, numberListTypeOf } from "./typed-values.ts";

/** The column type for a value, if the program declares no other type. */
export function typeOfCell(value: unknown): ColumnType {
  switch (typeof value) {
    case "number":
      return "float64";
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "bigint":
      return BigInt.asIntN(64, value) === value ? "int64" : "value";
    case "object":
      return typeOfObject(value);
    default:
      return "value";
  }
}

/**
 * An instance of a subclass has the type `value`. In a column of dates, bytes or number lists it
 * would come back as an instance of the parent class.
 */
function typeOfObject(value: object | null): ColumnType {
  if (value === null) return "value";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return isDate(value) ? "date" : "value";
  const type = numberListTypeOf(value) ?? "value";
  return type === "uint8[]" ? "bytes" : type;
}

/**
 * Whether an object is a Date that holds a time. An object may have the prototype of Date without
 * being a Date.
 */
function isDate(value: object): boolean {
  try {
    Date.prototype.getTime.call(value);
    return true;
  } catch {
    return false;
  }
}

/** Whether a column of this type gives the value back unchanged. */
export function fitsColumn(type: ColumnType, value: unknown): boolean {
  if (type === "value") return true;
  if (isExactTextType(type)) return typeof value === "string" && isExactText(type, value);
  if (isStructType(type)) return isStruct(type, value, (field, cell) => fitsColumn(field, cell));
  if (isNumberListType(type)) return numberListTypeOf(value) === type;
  if (type === "uint64") return typeof value === "bigint" && BigInt.asUintN(64, value) === value;
  if (type === "boolean" || type === "date" || isBigintType(type) || !isNumberType(type))
    return typeOfCell(value) === type;
  if (typeof value !== "number") return false;
  if (type === "float64") return true;
  if (type === "float32") return Number.isNaN(value) || Math.fround(value) === value;
  return Object.is(numberArrays[type].of(value)[0], value);
}
