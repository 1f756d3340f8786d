import { UnsupportedValueError } from "../errors/params-errors.ts";
import { formatPath } from "../errors/value-path.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { BINARY_DIGEST_BYTES, type BinaryType } from "./binary-digest.ts";
import type { CanonicalOptions } from "./encode-canonical.ts";
import { HOLE, type ObjectContent, type Refuse, readObject } from "./read-object.ts";
import { MAX_TAGGED_DEPTH } from "./tagged-depth.ts";

/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** An object that JSON can hold. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonList(json: JsonValue | undefined): json is readonly JsonValue[] {
  return Array.isArray(json);
}

export function isJsonObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/**
 * The most characters and values of the JSON together, which is sixteen times the size of a record.
 * Without a limit, shared parts of a value could be written out any number of times.
 */
const MAX_TAGGED_SIZE = 16 * 1024 * 1024;

/**
 * Encodes a value as readable JSON: plain wherever JSON is exact, an object with a single `$tag`
 * elsewhere. `decodeTagged` restores value and type; binary content of 4096 bytes and more comes
 * back as a {@link BinaryDigest}.
 *
 * @throws {@link UnsupportedValueError} with the path of a value that cannot be represented, or is
 * nested too deeply.
 *
 * ```ts
 * encodeTagged({ when: new Date(0), limit: Number.POSITIVE_INFINITY });
 * // { when: { $date: "1970-01-01T00:00:00.000Z" }, limit: { $number: "Infinity" } }
 * ```
 */
export function encodeTagged(value: unknown, options: CanonicalOptions = {}): JsonValue {
  return new TaggedEncoder(options).encode(value, 0);
}

/** The levels of JSON that each kind of value adds around its parts. */
const LEVELS: Readonly<Record<ObjectContent["kind"], number>> = {
  array: 1,
  object: 1,
  map: 3,
  set: 2,
  instance: 2,
  date: 1,
  url: 1,
  regexp: 2,
  binary: 2,
  digest: 2,
};

class TaggedEncoder {
  readonly #classes: readonly ClassCodec[];
  readonly #root: string;
  readonly #path: (string | number)[] = [];
  readonly #open = new Set<object>();
  #size = 0;

  constructor(options: CanonicalOptions) {
    this.#classes = options.classes ?? [];
    this.#root = options.root ?? "value";
  }

  /** @param depth - the levels of JSON around the value */
  encode(value: unknown, depth: number): JsonValue {
    this.#count(1);
    switch (typeof value) {
      case "number":
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return this.#leaf(depth, { $number: Object.is(value, -0) ? "-0" : String(value) });
      case "string":
        this.#count(value.length);
        return value.isWellFormed() ? value : this.#leaf(depth, { $utf16: hexOfUtf16(value) });
      case "boolean":
        return value;
      case "undefined":
        return this.#leaf(depth, { $undefined: true });
      case "bigint":
        return this.#leaf(depth, { $bigint: value.toString() });
      case "object":
        return value === null ? null : this.#object(value, depth);
      default:
        if (value === HOLE) return this.#leaf(depth, { $hole: true });
        return this.#refuse(
          `a ${typeof value}`,
          "A recipe holds values, not behavior: give a name or a version for it, or mark it untracked(…).",
        );
    }
  }

  #object(object: object, outerDepth: number): JsonValue {
    if (this.#open.has(object)) this.#refuse("a cycle", "A recipe is a tree: refer to it by a name.");
    const content = readObject(object, this.#classes, this.#refuse);
    this.#open.add(object);
    const json = this.#content(content, this.#deeper(outerDepth, LEVELS[content.kind]));
    this.#open.delete(object);
    return json;
  }

  #content(content: ObjectContent, depth: number): JsonValue {
    switch (content.kind) {
      case "array":
        return content.items.map((item, i) => this.#inner(item, i, depth));
      case "object":
        return this.#plain(content.keys, content.values, depth);
      case "map":
        return {
          $map: content.keys.map((key, i) => [
            this.#inner(key, `key ${i}`, depth),
            this.#inner(content.values[i], typeof key === "string" ? key : `value ${i}`, depth),
          ]),
        };
      case "set":
        return { $set: content.items.map((item, i) => this.#inner(item, i, depth)) };
      case "date":
        return { $date: Number.isNaN(content.timeMs) ? null : new Date(content.timeMs).toISOString() };
      case "regexp":
        return { $regexp: [content.source, content.flags] };
      case "url":
        return { $url: content.href };
      case "binary":
        return encodeBinary(content.type, content.bytes);
      case "digest": {
        const { type, sizeBytes, sha256 } = content.digest;
        return { $digest: { type, bytes: sizeBytes, sha256 } };
      }
      case "instance":
        return { $class: [content.name, this.encode(content.encoded, depth)] };
    }
  }

  #plain(keys: readonly string[], values: readonly unknown[], depth: number): JsonValue {
    const areWellFormed = keys.every((key) => key.isWellFormed());
    // Pairs add two levels.
    if (!areWellFormed) this.#deeper(depth, 2);
    const entries = keys.map((key, i): [string, JsonValue] => {
      this.#count(key.length);
      return [key, this.#inner(values[i], key, areWellFormed ? depth : depth + 2)];
    });
    if (!areWellFormed) return { $entries: entries.map(([key, json]) => [this.encode(key, depth + 2), json]) };
    // Unlike assignment, this creates own keys under any name, whatever `Object.prototype` has.
    return Object.fromEntries(entries.map(([key, json]) => [key.startsWith("$") ? `$${key}` : key, json]));
  }

  #inner(value: unknown, key: string | number, depth: number): JsonValue {
    this.#path.push(key);
    const json = this.encode(value, depth);
    this.#path.pop();
    return json;
  }

  #leaf(depth: number, json: JsonValue): JsonValue {
    this.#deeper(depth, 1);
    return json;
  }

  #deeper(depth: number, levels: number): number {
    if (depth + levels <= MAX_TAGGED_DEPTH) return depth + levels;
    throw new UnsupportedValueError(
      `${formatPath(this.#root, this.#path.slice(0, 8))}…`,
      `nested more than ${MAX_TAGGED_DEPTH} levels deep`,
      "Records are read by people and parsed within limits: give a flatter value, or a dependency.",
    );
  }

  #count(size: number): void {
    this.#size += size;
    if (this.#size <= MAX_TAGGED_SIZE) return;
    throw new UnsupportedValueError(
      this.#root,
      "larger than a record may be when what is shared in it is written out",
      "Give bulky parts as typed arrays, or as dependencies.",
    );
  }

  readonly #refuse: Refuse = (what, remedy, key, cause) => {
    const path = formatPath(this.#root, key === undefined ? this.#path : [...this.#path, key]);
    throw new UnsupportedValueError(path, what, remedy, ...(cause === undefined ? [] : [{ cause }]));
  };
}

function encodeBinary(type: BinaryType, bytes: Uint8Array): JsonValue {
  if (bytes.length >= BINARY_DIGEST_BYTES) return { $digest: { type, bytes: bytes.length, sha256: sha256Hex(bytes) } };
  return { $binary: { type, base64: btoa(String.fromCharCode(...bytes)) } };
}

function hexOfUtf16(text: string): string {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, "0")).join("");
}
