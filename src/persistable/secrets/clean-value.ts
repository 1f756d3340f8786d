import { Secret } from "../../params/secret.ts";
import { isPlainOfAnyRealm } from "../../util/fields-of.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { describeThrown, isErrorLike, isOurError, tryGet } from "./describe-thrown.ts";
import { keepText, MASK, type Redact } from "./redact-secrets.ts";

const MAX_VALUES = 10_000;

/**
 * Returns a value without secrets. If there is none in it, the result is the value itself;
 * otherwise it is a copy. Text, numbers, bytes, plain objects, lists, Maps and Sets are copied as
 * the same kind, an error as an error of the same class, and everything else as plain data.
 */
export function cleanValue(value: unknown, redact: Redact): unknown {
  if (redact === keepText) return value;
  return new Finder(redact).isIn(value) ? new Copier(redact).copy(value) : value;
}

/** Looks for secrets in a value, at least as deep as code that prints or serializes it would go. */
class Finder {
  readonly #redact: Redact;
  readonly #seen = new Set<unknown>();

  constructor(redact: Redact) {
    this.#redact = redact;
  }

  isIn(root: unknown): boolean {
    const stack = [root];
    for (let count = 0; stack.length > 0; count++) {
      // A value that cannot be searched to its end may hold a secret, so it is not handed on as it
      // is.
      if (count > MAX_VALUES) return true;
      const value = stack.pop();
      if (changes(value, this.#redact)) return true;
      if (typeof value !== "object" || value === null || this.#seen.has(value)) continue;
      this.#seen.add(value);
      if (isOpaque(value)) return true;
      if (!(value instanceof Secret)) for (const part of partsOf(value)) stack.push(part);
    }
    return false;
  }
}

/**
 * Tells whether a text, or the text of a value, holds a secret. A number is a secret only as a
 * whole: `1234` in `12345` does not count.
 */
function changes(value: unknown, redact: Redact): boolean {
  const text = textIn(value);
  if (text === undefined) return false;
  const redacted = redact(text);
  return typeof value === "number" || typeof value === "bigint" ? redacted === MASK : redacted !== text;
}

/** Tells whether a value cannot be searched to its end: a proxy, or a list that is too long. */
function isOpaque(value: object): boolean {
  return isProxy(value) || (Array.isArray(value) && value.length > MAX_VALUES);
}

/** Returns the text of a value itself, without that of its parts. */
function textIn(value: unknown): string | undefined {
  if (typeof value === "object" && value !== null && isProxy(value)) return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (value instanceof URL || value instanceof RegExp) return String(value);
  const bytes = bytesOf(value);
  return bytes === undefined
    ? undefined
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

function partsOf(value: object): unknown[] {
  if (bytesOf(value) !== undefined) return [];
  // A payload that could not be persisted belongs to the caller, and may be of any size.
  const keys = ownKeys(value).filter((key) => !(key === "payload" && isOurError(value)));
  const own = keys.flatMap((key) => [key, tryGet(value, key)]);
  if (value instanceof Map) return [...own, ...[...Map.prototype.entries.call(value)].flat()];
  if (value instanceof Set) return [...own, ...Set.prototype.values.call(value)];
  if (!isErrorLike(value)) return [...own, jsonPart(value)];
  // Some classes of the platform do not have these as own properties.
  return [...own, ...["name", "message", "stack", "code", "cause"].map((key) => tryGet(value, key))];
}

function ownKeys(value: object): (string | symbol)[] {
  try {
    return Reflect.ownKeys(value);
  } catch {
    return [];
  }
}

/** Returns the data that a logger would write for an object. */
function jsonPart(value: object): unknown {
  const toJson = tryGet(value, "toJSON");
  if (typeof toJson !== "function") return undefined;
  try {
    return toJson.call(value, "");
  } catch {
    return undefined;
  }
}

/** Beyond this depth, only a description of a value is copied. */
const MAX_DEPTH = 100;

class Copier {
  readonly #redact: Redact;
  readonly #copies = new Map<unknown, unknown>();
  #depth = 0;

  constructor(redact: Redact) {
    this.#redact = redact;
  }

  copy(value: unknown): unknown {
    const text = textIn(value);
    if (text !== undefined)
      return !changes(value, this.#redact) ? value : bytesOf(value) === undefined ? this.#redact(text) : MASK;
    if (typeof value !== "object" || value === null || (!isOpaque(value) && value instanceof Secret)) return value;
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    if (this.#depth >= MAX_DEPTH) return dataOf(value, this.#redact);
    this.#depth += 1;
    const copy = isErrorLike(value) ? this.#copyError(value) : this.#copyObject(value);
    this.#depth -= 1;
    return copy;
  }

  #copyObject(value: object): unknown {
    if (isOpaque(value)) return dataOf(value, this.#redact);
    if (value instanceof Map) return new Map([...value].map(([key, item]) => [this.copy(key), this.copy(item)]));
    if (value instanceof Set) return new Set([...value].map((item) => this.copy(item)));
    if (Array.isArray(value)) {
      const list: unknown[] = [];
      this.#copies.set(value, list);
      for (const item of value) list.push(this.copy(item));
      return list;
    }
    const json = jsonPart(value);
    if (json !== undefined && json !== value) return this.copy(json);
    return isPlainOfAnyRealm(value) ? this.#copyPlain(value) : dataOf(value, this.#redact);
  }

  #copyPlain(value: object): object {
    const plain: Record<string, unknown> = {};
    this.#copies.set(value, plain);
    for (const key of Object.keys(value)) define(plain, this.#redact(key), this.copy(tryGet(value, key)), true);
    return plain;
  }

  /** The copy has the same class, so that `instanceof` still holds. */
  #copyError(error: Error): Error {
    const described = describeThrown(error, this.#redact);
    const copy = new Error(described.message);
    this.#copies.set(error, copy);
    setPrototype(copy, error);
    define(copy, "name", described.name, false);
    define(copy, "message", described.message, false);
    define(copy, "stack", described.stack, false);
    for (const [key, value] of Object.entries(described.fields ?? {})) define(copy, key, value, true);
    if (described.code !== undefined) define(copy, "code", described.code, true);
    const payload = isOurError(error) && Object.getOwnPropertyDescriptor(error, "payload");
    if (payload) Object.defineProperty(copy, "payload", payload);
    const errors = tryGet(error, "errors");
    if (described.errors !== undefined && Array.isArray(errors)) {
      const copies = errors.slice(0, described.errors.length).map((inner) => this.copy(inner));
      define(copy, "errors", copies, false);
    }
    if (described.cause !== undefined) define(copy, "cause", this.copy(tryGet(error, "cause")), false);
    return copy;
  }
}

function setPrototype(copy: Error, error: Error): void {
  try {
    Object.setPrototypeOf(copy, Object.getPrototypeOf(error));
  } catch {
    // A proxy may not show its prototype.
  }
}

/**
 * Describes a request, a client or a stream: only the part of it that can be read, within limits.
 */
function dataOf(value: object, redact: Redact): unknown {
  const { fields, message } = describeThrown(value, redact);
  return fields ?? message;
}

function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}
