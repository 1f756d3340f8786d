import { TaggedJsonError, UnsupportedValueError } from "../errors/params-errors.ts";
import { formatPath } from "../errors/value-path.ts";
import { type ClassCodec, findCodec } from "../util/class-codec.ts";
import { sha256Hex } from "../util/sha256.ts";
import { BINARY_DIGEST_BYTES, BinaryDigest, bytesOf } from "./binary-digest.ts";
import type { CanonicalOptions } from "./encode-canonical.ts";
import { encodeCanonical } from "./encode-canonical.ts";
import { EncodedInstance } from "./encoded-instance.ts";
import { isPlainObject, kindOf } from "./inspect-object.ts";

/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Values nested deeper are refused, since the record around them is parsed within limits. */
export const MAX_TAGGED_DEPTH = 64;

/**
 * A value as readable JSON: plain wherever JSON is exact, an object with a single `$tag` elsewhere. `decodeTagged` gives the value back, in value and type; binary content
 * of 4096 bytes and more comes back as a {@link BinaryDigest}.
 *
 * @throws {@link UnsupportedValueError} with the path of what cannot be represented, or is nested too deeply.
 *
 * @example
 * ```ts
 * encodeTagged({ when: new Date(0), limit: Number.POSITIVE_INFINITY });
 * // { when: { $date: "1970-01-01T00:00:00.000Z" }, limit: { $number: "Infinity" } }
 * ```
 */
export function encodeTagged(value: unknown, options: CanonicalOptions = {}): JsonValue {
  // Refuses whatever a recipe refuses, so that the walk below meets nothing else.
  encodeCanonical(value, options);
  return new TaggedEncoder(options).encode(value, 0, []);
}

class TaggedEncoder {
  readonly #classes: readonly ClassCodec[];
  readonly #root: string;

  constructor(options: CanonicalOptions) {
    this.#classes = options.classes ?? [];
    this.#root = options.root ?? "value";
  }

  encode(value: unknown, depth: number, path: (string | number)[]): JsonValue {
    if (depth > MAX_TAGGED_DEPTH) {
      throw new UnsupportedValueError(
        `${formatPath(this.#root, path.slice(0, 8))}…`,
        `nested more than ${MAX_TAGGED_DEPTH} levels deep`,
        "Records are read by people and parsed within limits: give a flatter value, or a dependency.",
      );
    }
    switch (typeof value) {
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { $number: Object.is(value, -0) ? "-0" : String(value) };
      case "string":
        return value.isWellFormed() ? value : { $utf16: hexOfUtf16(value) };
      case "boolean":
        return value;
      case "undefined":
        return { $undefined: true };
      case "bigint":
        return { $bigint: value.toString() };
      default:
        return value === null ? null : this.#object(value as object, depth, path);
    }
  }

  #object(object: object, depth: number, path: (string | number)[]): JsonValue {
    const inner = (value: unknown, key: string | number): JsonValue => this.encode(value, depth + 1, [...path, key]);
    switch (kindOf(object)) {
      case "Array":
        return Array.from(object as readonly unknown[], (item, i) => (i in object ? inner(item, i) : { $hole: true }));
      case "Map":
        return {
          $map: [...(object as Map<unknown, unknown>)].map(([key, value], i) => [inner(key, i), inner(value, i)]),
        };
      case "Set":
        return { $set: [...(object as Set<unknown>)].map(inner) };
      case "Date":
        return { $date: Number.isNaN((object as Date).getTime()) ? null : (object as Date).toISOString() };
      case "RegExp":
        return { $regexp: [(object as RegExp).source, (object as RegExp).flags] };
      case "URL":
        return { $url: (object as URL).href };
      case "Object":
        return isPlainObject(object) ? this.#plain(object, inner) : this.#instance(object, inner);
      default:
        return encodeBinary(object as ArrayBufferView, kindOf(object));
    }
  }

  #plain(object: object, inner: (value: unknown, key: string) => JsonValue): JsonValue {
    const json: Record<string, JsonValue> = {};
    for (const key of Object.keys(object)) {
      if (!key.isWellFormed()) return { $entries: Object.entries(object).map(([k, v]) => [inner(k, k), inner(v, k)]) };
      define(json, key.startsWith("$") ? `$${key}` : key, inner((object as Record<string, unknown>)[key], key));
    }
    return json;
  }

  #instance(object: object, inner: (value: unknown, key: string) => JsonValue): JsonValue {
    if (object instanceof BinaryDigest)
      return { $digest: { type: object.type, bytes: object.sizeBytes, sha256: object.sha256 } };
    if (object instanceof EncodedInstance) return { $class: [object.className, inner(object.value, object.className)] };
    const codec = findCodec(this.#classes, object) as ClassCodec;
    return { $class: [codec.name, inner(codec.encode(object), codec.name)] };
  }
}

function encodeBinary(content: ArrayBufferView | ArrayBuffer, type: string): JsonValue {
  const bytes = bytesOf(content);
  if (bytes.length >= BINARY_DIGEST_BYTES) return { $digest: { type, bytes: bytes.length, sha256: sha256Hex(bytes) } };
  return { $binary: { type, base64: Buffer.from(bytes).toString("base64") } };
}

/**
 * The value that {@link encodeTagged} wrote. Instances of classes that are not among `classes` come back as {@link EncodedInstance}.
 *
 * @throws {@link TaggedJsonError} where the JSON is not well-formed, or has a tag of a newer release.
 */
export function decodeTagged(json: JsonValue, options: CanonicalOptions = {}): unknown {
  return new TaggedDecoder(options).decode(json, []);
}

class TaggedDecoder {
  readonly #classes: readonly ClassCodec[];
  readonly #root: string;

  constructor(options: CanonicalOptions) {
    this.#classes = options.classes ?? [];
    this.#root = options.root ?? "value";
  }

  decode(json: JsonValue, path: (string | number)[]): unknown {
    if (path.length > MAX_TAGGED_DEPTH * 2) this.#fail(path.slice(0, 8), "is nested too deeply");
    if (typeof json !== "object" || json === null) return json;
    if (Array.isArray(json)) return this.#array(json as readonly JsonValue[], path);
    const object = json as { readonly [key: string]: JsonValue };
    const keys = Object.keys(object);
    const [tag] = keys;
    if (keys.length === 1 && tag !== undefined && isTag(tag)) return this.#tagged(tag, object[tag] as JsonValue, path);
    const plain: Record<string, unknown> = {};
    for (const key of keys) {
      if (isTag(key)) this.#fail(path, `has the tag ${key} beside other keys`);
      define(plain, key.startsWith("$$") ? key.slice(1) : key, this.decode(object[key] as JsonValue, [...path, key]));
    }
    return plain;
  }

  #array(json: readonly JsonValue[], path: (string | number)[]): unknown[] {
    const array: unknown[] = [];
    array.length = json.length;
    json.forEach((item, i) => {
      if (!isHole(item)) array[i] = this.decode(item, [...path, i]);
    });
    return array;
  }

  #tagged(tag: string, json: JsonValue, path: (string | number)[]): unknown {
    const inner = [...path, tag];
    switch (tag) {
      case "$number": {
        const known: Readonly<Record<string, number>> = {
          NaN: Number.NaN,
          Infinity: Number.POSITIVE_INFINITY,
          "-Infinity": Number.NEGATIVE_INFINITY,
          "-0": -0,
        };
        const value = typeof json === "string" && Object.hasOwn(known, json) ? known[json] : undefined;
        return value ?? this.#fail(inner, "is no number");
      }
      case "$undefined":
        return undefined;
      case "$bigint":
        if (typeof json !== "string" || !/^-?\d+$/.test(json)) this.#fail(inner, "is no whole number");
        return BigInt(json);
      case "$utf16":
        return this.#utf16(json, inner);
      case "$date":
        return new Date(json === null ? Number.NaN : this.#text(json, inner));
      case "$map":
        return new Map(this.#pairs(json, inner));
      case "$set":
        return new Set(this.#list(json, inner).map((item, i) => this.decode(item, [...inner, i])));
      case "$entries": {
        const plain: Record<string, unknown> = {};
        for (const [key, value] of this.#pairs(json, inner)) define(plain, String(key), value);
        return plain;
      }
      case "$regexp": {
        const [source, flags] = this.#list(json, inner);
        return this.#attempt(
          () => new RegExp(this.#text(source, inner), this.#text(flags, inner)),
          inner,
          "is no regular expression",
        );
      }
      case "$url":
        return this.#attempt(() => new URL(this.#text(json, inner)), inner, "is no URL");
      case "$binary":
        return this.#binary(json, inner);
      case "$digest":
        return this.#digest(json, inner);
      case "$class":
        return this.#instance(json, inner);
      default:
        return this.#fail(path, `has the unknown tag ${tag}: a newer release of persistable-ts may have written it`);
    }
  }

  #utf16(json: JsonValue, path: (string | number)[]): string {
    const hex = this.#text(json, path);
    if (!/^(?:[0-9a-f]{4})*$/.test(hex)) this.#fail(path, "is no UTF-16 in hexadecimal");
    return (hex.match(/.{4}/g) ?? []).map((unit) => String.fromCharCode(Number.parseInt(unit, 16))).join("");
  }

  #binary(json: JsonValue, path: (string | number)[]): unknown {
    const { type, base64 } = this.#fields(json, path);
    const bytes = new Uint8Array(Buffer.from(this.#text(base64, path), "base64"));
    const create = binaryTypes()[this.#text(type, path)];
    if (create === undefined) this.#fail(path, `has the type ${String(type)}, which this runtime does not know`);
    return this.#attempt(() => create(bytes.buffer), path, "has a length that its type does not allow");
  }

  #digest(json: JsonValue, path: (string | number)[]): BinaryDigest {
    const { type, bytes, sha256 } = this.#fields(json, path);
    if (typeof bytes !== "number" || !/^[0-9a-f]{64}$/.test(this.#text(sha256, path))) this.#fail(path, "is no digest");
    return new BinaryDigest(this.#text(type, path), bytes, this.#text(sha256, path));
  }

  #instance(json: JsonValue, path: (string | number)[]): unknown {
    const [name, encoded] = this.#list(json, path);
    const className = this.#text(name, path);
    const value = this.decode(encoded ?? null, [...path, 1]);
    const codec = this.#classes.find((candidate) => candidate.name === className);
    return codec === undefined
      ? new EncodedInstance(className, value)
      : this.#attempt(() => codec.decode(value), path, `cannot be decoded as ${className}`);
  }

  #pairs(json: JsonValue, path: (string | number)[]): [unknown, unknown][] {
    return this.#list(json, path).map((pair, i) => {
      const [key, value] = this.#list(pair, [...path, i]);
      return [this.decode(key ?? null, [...path, i]), this.decode(value ?? null, [...path, i])];
    });
  }

  #list(json: JsonValue | undefined, path: (string | number)[]): readonly JsonValue[] {
    return Array.isArray(json) ? (json as readonly JsonValue[]) : this.#fail(path, "is no list");
  }

  #fields(json: JsonValue, path: (string | number)[]): { readonly [key: string]: JsonValue } {
    return typeof json === "object" && json !== null && !Array.isArray(json)
      ? (json as { readonly [key: string]: JsonValue })
      : this.#fail(path, "is no object");
  }

  #text(json: JsonValue | undefined, path: (string | number)[]): string {
    return typeof json === "string" ? json : this.#fail(path, "is no text");
  }

  #attempt<Result>(create: () => Result, path: (string | number)[], problem: string): Result {
    try {
      return create();
    } catch (cause) {
      throw new TaggedJsonError(formatPath(this.#root, path), problem, { cause });
    }
  }

  #fail(path: (string | number)[], problem: string): never {
    throw new TaggedJsonError(formatPath(this.#root, path), problem);
  }
}

function binaryTypes(): Readonly<Record<string, (buffer: ArrayBuffer) => unknown>> {
  const views = [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ];
  const float16 = (globalThis as { Float16Array?: new (buffer: ArrayBuffer) => unknown }).Float16Array;
  return {
    ArrayBuffer: (buffer) => buffer,
    DataView: (buffer) => new DataView(buffer),
    ...Object.fromEntries(views.map((View) => [View.name, (buffer: ArrayBuffer) => new View(buffer)])),
    ...(float16 === undefined ? {} : { Float16Array: (buffer: ArrayBuffer) => new float16(buffer) }),
  };
}

function isTag(key: string): boolean {
  return key.startsWith("$") && !key.startsWith("$$");
}

function isHole(json: JsonValue): boolean {
  return typeof json === "object" && json !== null && "$hole" in json && Object.keys(json).length === 1;
}

function hexOfUtf16(text: string): string {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, "0")).join("");
}

/** Assigning to `__proto__` would set the prototype instead. */
function define<Value>(target: Record<string, Value>, key: string, value: Value): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
