import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { at } from "../../util/at.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { hasExtraKeys, hasOddKeys, isGetter, propertyOf } from "../own-keys.ts";
import { isTooLong } from "../text-limit.ts";
import { viewProblem } from "../view-problem.ts";
import type { AvroLongs, AvroRecord, AvroType, AvroUnion } from "./schema.ts";

const AS_SCHEMA = "Give what the schema says, or another schema.";

/**
 * Throws at the first value that does not fit the schema, or would not come back as it is.
 *
 * @param format - the id of the format
 * @throws {@link UnsupportedPayloadError}
 */
export function checkAvro(format: string, payload: unknown, items: AvroType, longs: AvroLongs): void {
  new AvroCheck(format, longs).check(payload, { kind: "array", items });
}

/**
 * Returns the index of the first branch that holds a value, or -1. If several branches hold it,
 * each gives the same value back.
 */
export function branchOf({ branches }: AvroUnion, value: unknown, longs: AvroLongs): number {
  const candidates = branches.flatMap((branch, i) => (mayHold(branch, value, longs) ? [i] : []));
  if (candidates.length <= 1) return candidates[0] ?? -1;
  return candidates.find((i) => holds(at(branches, i), value, longs)) ?? -1;
}

/** Whether a type may hold a value, as far as can be told without the values inside it. */
function mayHold(type: AvroType, value: unknown, longs: AvroLongs): boolean {
  if (type.kind === "record") return isObject(value) && hasFields(type, value);
  if (type.kind === "map") return isObject(value);
  if (type.kind === "array") return Array.isArray(value);
  return scalarProblem(type, value, longs) === undefined;
}

function holds(type: AvroType, value: unknown, longs: AvroLongs): boolean {
  if (!["record", "map", "array"].includes(type.kind)) return true;
  try {
    new AvroCheck("avro", longs).check(value, type);
    return true;
  } catch (error) {
    if (error instanceof UnsupportedPayloadError) return false;
    throw error;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function hasFields({ fields }: AvroRecord, value: object): boolean {
  return Object.keys(value).length === fields.length && fields.every(({ name }) => Object.hasOwn(value, name));
}

/** Says what is wrong with a value that does not contain other values. */
function scalarProblem(type: AvroType, value: unknown, longs: AvroLongs): string | undefined {
  switch (type.kind) {
    case "null":
      return value === null ? undefined : "is not null";
    case "boolean":
      return typeof value === "boolean" ? undefined : "is not a boolean";
    case "int":
      return isWhole(value) && value === (value | 0) ? undefined : "is not a whole number of 32 bits";
    case "long":
      return longProblem(value, longs);
    case "float":
      return typeof value === "number" && Object.is(Math.fround(value), value)
        ? undefined
        : "is not a number of 32 bits";
    case "double":
      return typeof value === "number" ? undefined : "is not a number";
    case "string":
      if (typeof value !== "string") return "is not text";
      if (!value.isWellFormed()) return "is text with a lone surrogate";
      return isTooLong(value) ? "is text of more than 512 MiB" : undefined;
    case "enum":
      return typeof value === "string" && type.symbols.includes(value)
        ? undefined
        : `is none of ${type.symbols.join(", ")}`;
    default:
      return bytesProblem(type, value);
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function longProblem(value: unknown, longs: AvroLongs): string | undefined {
  if (longs === "number")
    return isWhole(value) ? undefined : 'is not a whole number that is exact (bigints take longs: "bigint")';
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value ? undefined : "is not a bigint of 64 bits";
}

function bytesProblem(type: AvroType, value: unknown): string | undefined {
  if (!ArrayBuffer.isView(value) || Object.getPrototypeOf(value) !== Uint8Array.prototype)
    return Buffer.isBuffer(value) ? "is a Buffer, and not just a Uint8Array" : "is not a Uint8Array";
  if (type.kind === "fixed" && value.byteLength !== type.sizeBytes)
    return `has ${value.byteLength} bytes instead of ${type.sizeBytes}`;
  return viewProblem(value)?.[0];
}

class AvroCheck {
  readonly #format: string;
  readonly #longs: AvroLongs;
  /** The path of the value that is being checked. */
  readonly #path: (string | number)[] = [];
  #depth = 0;
  #nodes = 0;

  constructor(format: string, longs: AvroLongs) {
    this.#format = format;
    this.#longs = longs;
  }

  check(value: unknown, type: AvroType): void {
    this.#nodes += 1;
    if (this.#nodes > defaultDecodeLimits.maxNodes)
      this.#refuse(`brings the payload to more than ${defaultDecodeLimits.maxNodes} values`);
    if (type.kind === "union") this.#checkUnion(value, type);
    else if (type.kind === "record" || type.kind === "map" || type.kind === "array") this.#checkContainer(value, type);
    else {
      const problem = scalarProblem(type, value, this.#longs);
      if (problem !== undefined) this.#refuse(problem);
    }
  }

  #checkUnion(value: unknown, union: AvroUnion): void {
    const found = union.branches[branchOf(union, value, this.#longs)];
    if (found === undefined) this.#refuseUnion(value, union);
    else this.check(value, found);
  }

  #refuseUnion(value: unknown, union: AvroUnion): void {
    // If the union has only null and one other type, the problem with that other type says more.
    const others = union.branches.filter(({ kind }) => kind !== "null");
    const [only] = others;
    if (only !== undefined && others.length === 1 && value !== null) this.check(value, only);
    this.#refuse(`fits none of ${union.branches.map(({ kind }) => kind).join(", ")}`);
  }

  #checkContainer(value: unknown, type: Extract<AvroType, { kind: "record" | "map" | "array" }>): void {
    if (typeof value === "object" && value !== null && isProxy(value)) this.#refuse("is a proxy");
    // The list of records does not count as a level of nesting.
    if (this.#depth > defaultDecodeLimits.maxDepth)
      this.#refuse(`is nested more than ${defaultDecodeLimits.maxDepth} levels deep`);
    this.#depth += 1;
    if (type.kind === "array") this.#checkArray(this.#arrayOf(value), type.items);
    else if (!isObject(value)) this.#refuse(type.kind === "map" ? "is not a plain object" : `is not a ${type.name}`);
    else {
      const keys = Object.keys(value);
      if (hasOddKeys(value, keys.length)) this.#refuse("has keys that are hidden, or symbols");
      if (type.kind === "record") this.#checkFields(value, keys, type);
      else for (const key of keys) this.#checkEntry(value, key, type.values);
    }
    this.#depth -= 1;
  }

  #arrayOf(value: unknown): readonly unknown[] {
    if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) return value;
    return this.#refuse("is not an array");
  }

  #checkArray(value: readonly unknown[], items: AvroType): void {
    if (hasExtraKeys(value)) this.#refuse("is an array with holes or keys of its own");
    for (let i = 0; i < value.length; i++) {
      if (!Object.hasOwn(value, i)) this.#refuse("is an array with holes or keys of its own");
      this.#checkProperty(value, i, items);
    }
  }

  #checkFields(value: object, keys: readonly string[], { name: record, fields }: AvroRecord): void {
    for (const { name, type } of fields) {
      if (!Object.hasOwn(value, name)) this.#refuse(`lacks the field ${name} of ${record}`);
      this.#checkProperty(value, name, type);
    }
    const stranger =
      keys.length === fields.length ? undefined : keys.find((key) => fields.every((f) => f.name !== key));
    if (stranger !== undefined) this.#refuse(`has a field ${stranger}, which ${record} does not have`);
  }

  #checkEntry(value: object, key: string, values: AvroType): void {
    if (!key.isWellFormed() || key === "__proto__") this.#refuse(`has the key ${JSON.stringify(key)}`);
    this.#checkProperty(value, key, values);
  }

  #checkProperty(container: object, key: string | number, type: AvroType): void {
    this.#path.push(key);
    if (isGetter(container, key)) this.#refuse("is a getter");
    this.check(propertyOf(container, key), type);
    this.#path.pop();
  }

  #refuse(what: string): never {
    throw new UnsupportedPayloadError(this.#format, this.#path, what, AS_SCHEMA);
  }
}
