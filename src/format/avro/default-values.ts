import { isFields } from "../../util/json/checks.ts";
import type { AvroRecord, AvroType } from "./schema.ts";

/**
 * Says what is wrong with the default of a field in a schema, which is a JSON value. This library
 * never uses a default, but other readers refuse the whole file if one does not fit its type.
 */
export function defaultProblem(type: AvroType, value: unknown): string | undefined {
  switch (type.kind) {
    case "null":
      return value === null ? undefined : "is not null";
    case "boolean":
      return typeof value === "boolean" ? undefined : "is not a boolean";
    case "int":
      return typeof value === "number" && value === (value | 0) ? undefined : "is not a whole number of 32 bits";
    case "long":
      return Number.isInteger(value) ? undefined : "is not a whole number";
    case "float":
    case "double":
      return typeof value === "number" ? undefined : "is not a number";
    case "string":
      return typeof value === "string" ? undefined : "is not text";
    case "enum":
      return type.symbols.some((symbol) => symbol === value) ? undefined : "is not one of the symbols";
    case "bytes":
      return isByteText(value) ? undefined : "is not text of the characters \\u0000 to \\u00ff";
    case "fixed":
      return isByteText(value) && value.length === type.sizeBytes
        ? undefined
        : `is not ${type.sizeBytes} bytes as text`;
    case "array":
      return Array.isArray(value) ? firstProblem(type.items, value) : "is not a list";
    case "map":
      return isFields(value) ? firstProblem(type.values, Object.values(value)) : "is not an object";
    case "record":
      return isFields(value) ? fieldsProblem(type, value) : "is not an object";
    case "union":
      return type.branches.some((branch) => defaultProblem(branch, value) === undefined)
        ? undefined
        : "fits none of the branches";
  }
}

function firstProblem(type: AvroType, values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const problem = defaultProblem(type, value);
    if (problem !== undefined) return `holds a value that ${problem}`;
  }
  return undefined;
}

/**
 * Checks the fields that the default gives. A field that it leaves out has a default of its own,
 * which is checked at that field.
 */
function fieldsProblem({ fields }: AvroRecord, record: Readonly<Record<string, unknown>>): string | undefined {
  for (const { name, type } of fields) {
    const problem = Object.hasOwn(record, name) ? defaultProblem(type, record[name]) : undefined;
    if (problem !== undefined) return `has a field ${name} that ${problem}`;
  }
  return undefined;
}

function isByteText(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all 256 bytes are meant
  return typeof value === "string" && /^[\u0000-\u00ff]*$/.test(value);
}
