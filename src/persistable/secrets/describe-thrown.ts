import type { DescribedError } from "../../errors/described-error.ts";
import { isError } from "../../errors/error-kind.ts";
import { PersistableError } from "../../errors/persistable-error.ts";
import { visibleText } from "../../errors/visible-text.ts";
import { Secret } from "../../params/secret.ts";
import { MASK, type Redact } from "./redact-secrets.ts";

const MAX_ERRORS = 32;
const MAX_CAUSES = 8;
const MAX_TEXT_LENGTH = 20_000;
/** A text is cut to this length before it is searched for secrets; far less of it is kept. */
const MAX_SEARCHED_LENGTH = 1_000_000;
const MAX_FIELD_LENGTH = 2000;
const MAX_FIELDS = 50;
const MAX_VALUES = 500;
const MAX_DEPTH = 4;
const UNREADABLE = "(what was thrown cannot be read)";

/**
 * Describes any thrown value as data: without secrets, without control characters, and of bounded
 * size. This never throws, whatever getters, proxies or cycles are in the value.
 */
export function describeThrown(thrown: unknown, redact: Redact): DescribedError {
  return new Describer(redact).describe(thrown, 0);
}

/**
 * Tells whether a value is an error, even one of another realm (such as a `vm` context), which
 * `instanceof` does not recognize.
 */
export function isErrorLike(value: unknown): value is Error {
  if (typeof value !== "object" || value === null) return false;
  try {
    return (
      isError(value) ||
      Object.prototype.toString.call(value) === "[object Error]" ||
      (typeof tryGet(value, "message") === "string" && typeof tryGet(value, "stack") === "string")
    );
  } catch {
    return false;
  }
}

/** Reads a property of an object that may be a proxy, or may have getters that throw. */
export function tryGet(value: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

class Describer {
  readonly #redact: Redact;
  /** The values around the one that is being described: a cycle ends at any of them. */
  readonly #open = new Set<unknown>();
  #errors = 0;
  #values = 0;

  constructor(redact: Redact) {
    this.#redact = redact;
  }

  describe(thrown: unknown, depth: number): DescribedError {
    this.#errors += 1;
    if (!isErrorLike(thrown)) return this.#describeValue(thrown);
    this.#open.add(thrown);
    try {
      return this.#describeError(thrown, depth);
    } finally {
      this.#open.delete(thrown);
    }
  }

  #describeError(thrown: Error, depth: number): DescribedError {
    const code = tryGet(thrown, "code");
    const stack = tryGet(thrown, "stack");
    const cause = tryGet(thrown, "cause");
    const errors = this.#describeAll(tryGet(thrown, "errors"), depth);
    const fields = this.#fieldsOf(thrown, typeof code === "string");
    return described({
      name: this.#text(asText(tryGet(thrown, "name") ?? "Error")),
      message: this.#text(asText(tryGet(thrown, "message") ?? "")),
      ...(typeof code === "string" ? { code: this.#text(code) } : {}),
      ...(typeof stack === "string" ? { stack: this.#text(stack) } : {}),
      ...(cause === undefined || !this.#mayGoOn(cause, depth) ? {} : { cause: this.describe(cause, depth + 1) }),
      ...(errors.length === 0 ? {} : { errors }),
      ...(Object.keys(fields).length === 0 ? {} : { fields }),
    });
  }

  #describeAll(errors: unknown, depth: number): DescribedError[] {
    if (!Array.isArray(errors)) return [];
    return errors.flatMap((error) => (this.#mayGoOn(error, depth) ? [this.describe(error, depth + 1)] : []));
  }

  #mayGoOn(next: unknown, depth: number): boolean {
    return depth < MAX_CAUSES && this.#errors < MAX_ERRORS && !this.#open.has(next);
  }

  #describeValue(thrown: unknown): DescribedError {
    if (typeof thrown !== "object" || thrown === null || isSecret(thrown))
      return described({ name: thrown === null ? "null" : typeof thrown, message: this.#text(asText(thrown)) });
    const message = tryGet(thrown, "message");
    const name = tryGet(thrown, "name");
    const fields = this.#fieldsOf(thrown, false);
    return described({
      name: typeof name === "string" && name !== "" ? this.#text(name) : "object",
      message: typeof message === "string" ? this.#text(message) : this.#text(tryJson(this.plain(thrown, 0))),
      ...(Object.keys(fields).length === 0 ? {} : { fields }),
    });
  }

  /** Returns the fields of an error besides those that every error has. */
  #fieldsOf(error: object, hasCode: boolean): Record<string, unknown> {
    // A payload that could not be persisted belongs to the caller, and may be of any size.
    const isOurs = isOurError(error);
    const keys = tryKeys(error).filter(
      (key) => !STANDARD.has(key) && !(hasCode && key === "code") && !(isOurs && key === "payload"),
    );
    return this.#entriesOf(error, keys, 0);
  }

  #entriesOf(value: object, keys: readonly string[], depth: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    for (const key of keys.slice(0, MAX_FIELDS)) {
      const inner = tryGet(value, key);
      if (inner !== undefined) entries.push([this.#text(key), this.plain(inner, depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  /** Returns a value as plain data that JSON can hold. */
  plain(value: unknown, depth: number): unknown {
    this.#values += 1;
    if (typeof value === "number") return this.#plainNumber(value);
    if (typeof value === "boolean" || value === null) return value;
    if (typeof value !== "object" || isSecret(value)) return this.#text(asText(value), MAX_FIELD_LENGTH);
    if (this.#open.has(value) || depth > MAX_DEPTH || this.#values > MAX_VALUES) return "…";
    if (isErrorLike(value)) return this.#mayGoOn(value, depth) ? this.describe(value, depth + 1) : "…";
    this.#open.add(value);
    const plain = this.#plainObject(value, depth);
    this.#open.delete(value);
    return plain;
  }

  #plainNumber(value: number): unknown {
    const text = String(value);
    if (this.#redact(text) === MASK) return MASK;
    return Number.isFinite(value) ? value : text;
  }

  #plainObject(value: object, depth: number): unknown {
    try {
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
        return `${value.constructor.name}(${value.byteLength} bytes)`;
      if (value instanceof Date || value instanceof RegExp || value instanceof URL)
        return this.#text(asText(value), MAX_FIELD_LENGTH);
      if (Array.isArray(value)) return value.slice(0, MAX_FIELDS).map((item) => this.plain(item, depth + 1));
      if (value instanceof Map || value instanceof Set)
        return [...value].slice(0, MAX_FIELDS).map((item) => this.plain(item, depth + 1));
    } catch {
      return UNREADABLE;
    }
    return this.#entriesOf(value, tryKeys(value), depth);
  }

  #text(text: string, maxLength = MAX_TEXT_LENGTH): string {
    return visibleText(this.#redact(text.slice(0, MAX_SEARCHED_LENGTH))).slice(0, maxLength);
  }
}

/** Marks data without secrets as described. The mark exists in the types only. */
function described(data: { readonly [Key in keyof DescribedError as Key & string]: DescribedError[Key] }) {
  return data as DescribedError;
}

const STANDARD = new Set(["name", "message", "stack", "cause", "errors"]);

/** Asks an object for its class; a proxy may throw at that. */
function isA(value: object, isInstance: (value: object) => boolean): boolean {
  try {
    return isInstance(value);
  } catch {
    return false;
  }
}

const isSecret = (value: object): boolean => isA(value, (one) => one instanceof Secret);
export const isOurError = (value: object): boolean => isA(value, (one) => one instanceof PersistableError);

/** Returns the own keys of an object that may be a proxy. */
export function tryKeys(value: object): string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

/**
 * Returns a text for any value: a symbol, an object without a prototype, a `toString` that throws.
 */
export function asText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return UNREADABLE;
  }
}

function tryJson(value: unknown): string {
  return JSON.stringify(value) ?? UNREADABLE;
}
