import { DecodeError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { setOwn } from "../../util/fields-of.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import type { DecodeLimits } from "../format.ts";
import { hasExtraKeys, hasOddKeys, isGetter, isSetter, propertyOf } from "../own-keys.ts";
import { describeInstance, remedyFor } from "../structured/structured-remedy.ts";
import { decodeJson } from "./decode-json.ts";

/**
 * Returns a value in a form that JSON does not change. What JSON would change becomes an object
 * with a single `$tag`, as in records, and a key that begins with `$` gets a second `$`.
 *
 * @throws {@link UnsupportedPayloadError} for a value that has no tag
 */
export function toTagged(value: unknown, format: string, path: readonly (string | number)[] = []): unknown {
  return new TaggedWriter(format, path).write(value);
}

class TaggedWriter {
  readonly #format: string;
  readonly #path: (string | number)[];

  constructor(format: string, path: readonly (string | number)[]) {
    this.#format = format;
    this.#path = [...path];
  }

  write(value: unknown): unknown {
    switch (typeof value) {
      case "number":
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return { $number: Object.is(value, -0) ? "-0" : String(value) };
      case "string":
      case "boolean":
        return value;
      case "undefined":
        return { $undefined: true };
      case "bigint":
        return { $bigint: value.toString() };
      case "object":
        return value === null ? null : this.#object(value);
      default:
        return this.#refuse(value, `is a ${typeof value}`);
    }
  }

  #object(object: object): unknown {
    if (isProxy(object)) this.#refuse(object, "is a proxy");
    if (this.#path.length >= defaultDecodeLimits.maxDepth - 2)
      this.#refuse(undefined, "is nested too deeply", "Give a flatter payload.");
    const prototype: object | null = Object.getPrototypeOf(object);
    if (prototype === Object.prototype) return this.#plain(object);
    if (prototype === Array.prototype && Array.isArray(object)) return this.#array(object);
    if (hasOddKeys(object, ArrayBuffer.isView(object) ? object.byteLength : 0))
      this.#refuse(object, "has keys of its own");
    if (prototype === Date.prototype && object instanceof Date)
      return { $date: Number.isNaN(object.getTime()) ? null : object.toISOString() };
    if (prototype === URL.prototype && object instanceof URL) return { $url: object.href };
    if (
      object instanceof Uint8Array &&
      object.buffer instanceof ArrayBuffer &&
      (prototype === Uint8Array.prototype || prototype === Buffer.prototype)
    ) {
      const type = prototype === Buffer.prototype ? "Buffer" : "Uint8Array";
      const { buffer, byteOffset, byteLength } = object;
      return { $binary: { type, base64: Buffer.from(buffer, byteOffset, byteLength).toString("base64") } };
    }
    return this.#refuse(object, describeInstance(prototype));
  }

  #array(array: readonly unknown[]): unknown[] {
    if (hasExtraKeys(array)) this.#refuse(array, "is an array with holes or keys of its own");
    const items: unknown[] = [];
    for (let i = 0; i < array.length; i++) {
      if (!Object.hasOwn(array, i)) this.#refuse(array, "is an array with holes or keys of its own");
      items.push(this.#property(array, i));
    }
    return items;
  }

  #plain(object: object): unknown {
    const keys = Object.keys(object);
    if (hasOddKeys(object, keys.length)) this.#refuse(object, "has hidden keys, or symbols");
    return Object.fromEntries(keys.map((key) => [key.startsWith("$") ? `$${key}` : key, this.#property(object, key)]));
  }

  #property(container: object, key: string | number): unknown {
    this.#path.push(key);
    if (isGetter(container, key) || isSetter(container, key)) this.#refuse(undefined, "is a getter or setter");
    const json = this.write(propertyOf(container, key));
    this.#path.pop();
    return json;
  }

  #refuse(value: unknown, what: string, remedy: string = remedyFor(value)): never {
    throw new UnsupportedPayloadError(this.#format, this.#path, what, remedy);
  }
}

/**
 * Decodes the JSON text of a value that `toTagged` gave.
 *
 * @throws {@link DecodeError} for a tag that `toTagged` does not write; {@link DecodeLimitError}
 */
export function decodeTaggedJson(bytes: Uint8Array, limits: DecodeLimits, format: string): unknown {
  const json = decodeJson(bytes, limits);
  const { buffer, byteOffset, byteLength } = bytes;
  // Most texts have no tag, and are ready as they were parsed.
  return Buffer.from(buffer, byteOffset, byteLength).includes('"$') ? revive(json, format) : json;
}

function revive(json: unknown, format: string): unknown {
  if (typeof json !== "object" || json === null) return json;
  const keys = Object.keys(json);
  const [first = ""] = keys;
  if (!Array.isArray(json) && keys.length === 1 && isTag(first)) return untag(first, propertyOf(json, first), format);
  let hasTagged = false;
  for (const key of keys) {
    const value = propertyOf(json, key);
    const revived = revive(value, format);
    if (revived !== value) setOwn(json, key, revived);
    hasTagged ||= key.startsWith("$");
  }
  return hasTagged && !Array.isArray(json) ? withOwnKeys(json, format) : json;
}

/** Takes the second `$` from keys, and keeps their order. */
function withOwnKeys(json: object, format: string): object {
  const object = {};
  for (const key of Object.keys(json)) {
    if (isTag(key)) throw new DecodeError(format, `the tag ${key} stands beside other keys`);
    setOwn(object, key.startsWith("$") ? key.slice(1) : key, propertyOf(json, key));
  }
  return object;
}

function isTag(key: string): boolean {
  return key.startsWith("$") && !key.startsWith("$$");
}

const NUMBERS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

function untag(tag: string, json: unknown, format: string): unknown {
  const text = typeof json === "string" ? json : "";
  if (tag === "$undefined" && json === true) return undefined;
  if (tag === "$number" && Object.hasOwn(NUMBERS, text)) return NUMBERS[text];
  if (tag === "$bigint" && /^(?:0|-?[1-9]\d{0,999})$/.test(text)) return BigInt(text);
  if (tag === "$date" && (json === null || text !== "")) {
    const date = new Date(json === null ? Number.NaN : text);
    if (json === null || (!Number.isNaN(date.getTime()) && date.toISOString() === text)) return date;
  }
  if (tag === "$url" && URL.canParse(text)) return new URL(text);
  if (tag === "$binary" && typeof json === "object" && json !== null) {
    const type = propertyOf(json, "type");
    const base64 = propertyOf(json, "base64");
    const bytes = typeof base64 === "string" ? Buffer.from(base64, "base64") : undefined;
    if (bytes !== undefined && bytes.toString("base64") === base64 && type === "Buffer") return bytes;
    if (bytes !== undefined && bytes.toString("base64") === base64 && type === "Uint8Array")
      return new Uint8Array(bytes);
  }
  throw new DecodeError(format, `the tag ${tag} is not known, or has a value that was not written so`);
}
