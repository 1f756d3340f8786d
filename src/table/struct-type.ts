import { isProxy } from "../util/is-proxy.ts";
import type { ColumnType, NumberListType, StructType } from "./column.ts";
import { isDecimalType } from "./decimal-text.ts";
import { plainTypes } from "./plain-time.ts";

/** A column type that a field of a struct can have. */
export type StructFieldType = Exclude<ColumnType, NumberListType | "value">;

/** A field of a struct, and its column type. */
export type StructField = readonly [name: string, type: StructFieldType];

const OPEN = "struct(";
/** A longer name, more fields or deeper ones would cost a reader of hostile files too much. */
const LONGEST = 100_000;
const MOST_FIELDS = 1000;
const DEEPEST = 16;
/** Types are looked at once for every value, so some of them are kept as they were parsed. */
const KEPT = 100;
const parsed = new Map<string, readonly StructField[] | undefined>();

/** The types of fields besides dates, times, decimals and structs. */
const FIELD_TYPES: ReadonlySet<string> = new Set([
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
  "boolean",
  "string",
  "date",
  "bytes",
]);

function isFieldType(type: string): type is StructFieldType {
  return FIELD_TYPES.has(type) || Object.hasOwn(plainTypes, type) || isDecimalType(type) || isStructType(type);
}

/**
 * The column type for these fields; undefined if one of them has a type that no field has, such as
 * lists, or for no fields or too many.
 */
export function structTypeOf(fields: Iterable<readonly [name: string, type: ColumnType]>): StructType | undefined {
  const byName = new Map(fields);
  const json = Object.fromEntries(Array.from(byName, ([name, type]) => [name, type]));
  const text = JSON.stringify(json, (_, value: unknown) =>
    typeof value === "string" && isStructType(value) ? JSON.parse(value.slice(OPEN.length, -1)) : value,
  );
  const type: StructType = `struct(${text})`;
  return isStructType(type) ? type : undefined;
}

export function isStructType(type: string): type is StructType {
  return type.startsWith(OPEN) && fieldsIn(type) !== undefined;
}

/** The fields of a struct, in their order. */
export function fieldsOf(type: StructType): readonly StructField[] {
  return fieldsIn(type) ?? [];
}

function fieldsIn(type: string): readonly StructField[] | undefined {
  if (parsed.has(type)) return parsed.get(type);
  const fields = parseFields(type);
  if (parsed.size === KEPT) parsed.clear();
  if (type.length <= LONGEST) parsed.set(type, fields);
  return fields;
}

function parseFields(type: string): readonly StructField[] | undefined {
  if (type.length > LONGEST || !type.endsWith(")")) return undefined;
  try {
    const text = type.slice(OPEN.length, -1);
    const json: unknown = JSON.parse(text);
    // One struct has one name: without spaces, and with the keys in the order of JavaScript.
    return JSON.stringify(json) === text ? fieldsOfJson(json, 0) : undefined;
  } catch {
    return undefined;
  }
}

function fieldsOfJson(json: unknown, depth: number): readonly StructField[] | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json) || depth > DEEPEST) return undefined;
  const entries: [string, unknown][] = Object.entries(json);
  if (entries.length === 0 || entries.length > MOST_FIELDS) return undefined;
  const fields: StructField[] = [];
  for (const [name, type] of entries) {
    if (typeof type === "object") {
      if (fieldsOfJson(type, depth + 1) === undefined) return undefined;
      fields.push([name, `struct(${JSON.stringify(type)})`]);
    } else if (typeof type === "string" && !type.startsWith(OPEN) && isFieldType(type)) fields.push([name, type]);
    else return undefined;
  }
  return fields;
}

/**
 * Whether a value is a plain record of exactly these fields. No getter is called, and `fits` looks
 * at each value that is not null.
 */
export function isStruct(
  type: StructType,
  value: unknown,
  fits: (fieldType: StructFieldType, value: unknown) => boolean,
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  const fields = fieldsOf(type);
  if (Reflect.ownKeys(value).length !== fields.length) return false;
  return fields.every(([name, fieldType]) => {
    const property = Object.getOwnPropertyDescriptor(value, name);
    if (property === undefined || !("value" in property) || property.enumerable !== true) return false;
    return property.value === null || fits(fieldType, property.value);
  });
}
