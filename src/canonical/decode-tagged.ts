import { TaggedJsonError } from "../errors/params-errors.ts";
import { formatPath } from "../errors/value-path.ts";
import { type ClassCodec, decodeInstance } from "../util/class-codec.ts";
import { BINARY_DIGEST_BYTES, BinaryDigest, contentOf, isBinaryType, isDigestedSize } from "./binary-digest.ts";
import type { CanonicalOptions } from "./encode-canonical.ts";
import { EncodedInstance } from "./encoded-instance.ts";
import { isJsonList, isJsonObject, type JsonObject, type JsonValue } from "./tagged-json.ts";

/** The limit counts levels of JSON; it equals that of a whole record. */
const MAX_DECODED_DEPTH = 100;

/**
 * Decodes what `encodeTagged` wrote. Instances of classes that are not in `classes` become {@link
 * EncodedInstance}s. Anything that `encodeTagged` never writes counts as damage: a second text for
 * a value, or a text that another language reads as another value.
 *
 * @throws {@link TaggedJsonError} if the JSON is not well-formed, or has a tag of a newer release;
 * {@link ClassCodecError} if a codec in `classes` throws.
 */
export function decodeTagged(json: JsonValue, options: CanonicalOptions = {}): unknown {
  return new TaggedDecoder(options).decode(json, []);
}

type Path = readonly (string | number)[];

const NUMBERS: ReadonlyMap<JsonValue, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

class TaggedDecoder {
  readonly #classes: readonly ClassCodec[];
  readonly #root: string;

  constructor(options: CanonicalOptions) {
    this.#classes = options.classes ?? [];
    this.#root = options.root ?? "value";
  }

  decode(json: JsonValue | undefined, path: Path): unknown {
    if (path.length > MAX_DECODED_DEPTH) this.#fail(path.slice(0, 8), "is nested too deeply");
    switch (typeof json) {
      case "string":
      case "boolean":
        return json;
      case "number":
        // JSON can hold 1e999 and -0, which other languages read differently.
        return Number.isFinite(json) && !Object.is(json, -0) ? json : this.#fail(path, "is a number that has a tag");
      case "object":
        break;
      default:
        return this.#fail(path, "is not JSON");
    }
    if (json === null) return null;
    return isJsonList(json) ? this.#array(json, path) : this.#object(json, path);
  }

  #object(json: JsonObject, path: Path): unknown {
    const entries = Object.entries(json);
    const [first] = entries;
    if (entries.length === 1 && first !== undefined && isTag(first[0])) return this.#tagged(first[0], first[1], path);
    return Object.fromEntries(
      entries.map(([key, value]) => {
        if (isTag(key)) this.#fail(path, `has the tag ${key} beside other keys`);
        return [key.startsWith("$$") ? key.slice(1) : key, this.decode(value, [...path, key])];
      }),
    );
  }

  #array(json: readonly JsonValue[], path: Path): unknown[] {
    const array: unknown[] = new Array(json.length);
    json.forEach((item, i) => {
      if (!isHole(item)) array[i] = this.decode(item, [...path, i]);
    });
    return array;
  }

  #tagged(tag: string, json: JsonValue, outer: Path): unknown {
    const path = [...outer, tag];
    switch (tag) {
      case "$number":
        return NUMBERS.get(json) ?? this.#fail(path, "is not a number");
      case "$undefined":
        return json === true ? undefined : this.#fail(path, "is not true");
      case "$bigint":
        return BigInt(this.#matching(json, /^(?:0|-?[1-9]\d*)$/, path, "is not a whole number"));
      case "$utf16":
        return this.#utf16(json, path);
      case "$date":
        return this.#date(json, path);
      case "$map":
        return this.#distinct(new Map(this.#pairs(json, path)), json, path);
      case "$set":
        return this.#distinct(
          new Set(this.#list(json, path).map((item, i) => this.decode(item, [...path, i]))),
          json,
          path,
        );
      case "$entries":
        return this.#entries(json, path);
      case "$regexp":
        return this.#regExp(json, path);
      case "$url":
        return this.#url(this.#text(json, path), path);
      case "$binary":
        return this.#binary(json, path);
      case "$digest":
        return this.#digest(json, path);
      case "$class":
        return this.#instance(json, path);
      case "$hole":
        return this.#fail(outer, "is a hole outside an array");
      default:
        throw new TaggedJsonError(
          formatPath(this.#root, outer),
          `has the unknown tag ${tag}: a newer release of persistable-ts may have written it`,
          { unknownTag: tag },
        );
    }
  }

  #utf16(json: JsonValue, path: Path): string {
    const hex = this.#matching(json, /^(?:[0-9a-f]{4})+$/, path, "is not UTF-16 in hexadecimal");
    const text = (hex.match(/.{4}/g) ?? []).map((unit) => String.fromCharCode(Number.parseInt(unit, 16))).join("");
    return text.isWellFormed() ? this.#fail(path, "has no lone surrogate") : text;
  }

  #date(json: JsonValue, path: Path): Date {
    if (json === null) return new Date(Number.NaN);
    const date = new Date(this.#text(json, path));
    const isExact = !Number.isNaN(date.getTime()) && date.toISOString() === json;
    return isExact ? date : this.#fail(path, "is not a date as toISOString writes it");
  }

  #regExp(json: JsonValue, path: Path): RegExp {
    const [source = "", flags] = this.#listOf(2, json, path).map((part) => this.#text(part, path));
    const regExp = this.#attempt(() => new RegExp(source, flags), path, "is not a regular expression");
    if (regExp.source !== source || regExp.flags !== flags)
      this.#fail(path, "is not a regular expression as it is written");
    return regExp;
  }

  #url(text: string, path: Path): URL {
    const url = this.#attempt(() => new URL(text), path, "is not a URL");
    return url.href === text ? url : this.#fail(path, "is not a URL as it is written");
  }

  #binary(json: JsonValue, path: Path): unknown {
    const { type, base64 } = this.#fields(json, ["type", "base64"], path);
    const text = this.#text(base64, path);
    const units = this.#attempt(() => atob(text), path, "is not base64");
    if (btoa(units) !== text) this.#fail(path, "is not base64 as it is written");
    if (units.length >= BINARY_DIGEST_BYTES) this.#fail(path, "is too long to stand here, and not as its digest");
    const name = this.#text(type, path);
    if (!isBinaryType(name)) return this.#fail(path, `has the type ${name}, which is none of binary content`);
    const content = contentOf(
      name,
      Uint8Array.from(units, (unit) => unit.charCodeAt(0)),
    );
    return content ?? this.#fail(path, `has a length that ${name} does not allow, or a type that this runtime lacks`);
  }

  #digest(json: JsonValue, path: Path): BinaryDigest {
    const { type, bytes, sha256 } = this.#fields(json, ["type", "bytes", "sha256"], path);
    const name = this.#text(type, path);
    if (!isBinaryType(name)) return this.#fail(path, `has the type ${name}, which is none of binary content`);
    if (typeof bytes !== "number" || !isDigestedSize(name, bytes)) return this.#fail(path, "has an impossible size");
    return new BinaryDigest(name, bytes, this.#matching(sha256, /^[0-9a-f]{64}$/, path, "has no sha256"));
  }

  #instance(json: JsonValue, path: Path): unknown {
    const [name, encoded] = this.#listOf(2, json, path);
    const className = this.#text(name, path);
    const value = this.decode(encoded, [...path, 1]);
    const codec = this.#classes.find((candidate) => candidate.name === className);
    if (codec === undefined) return new EncodedInstance(className, value);
    return decodeInstance(codec, value, () => formatPath(this.#root, path.slice(0, -1)));
  }

  #entries(json: JsonValue, path: Path): object {
    const pairs = this.#pairs(json, path).map(([key, value]): [string, unknown] =>
      typeof key === "string" ? [key, value] : this.#fail(path, "has a key that is not text"),
    );
    if (pairs.every(([key]) => key.isWellFormed())) this.#fail(path, "has no key with a lone surrogate");
    this.#distinct(new Map(pairs), json, path);
    return Object.fromEntries(pairs);
  }

  #pairs(json: JsonValue, path: Path): [unknown, unknown][] {
    return this.#list(json, path).map((pair, i) => {
      const [key, value] = this.#listOf(2, pair, [...path, i]);
      return [this.decode(key, [...path, i, 0]), this.decode(value, [...path, i, 1])];
    });
  }

  #distinct<Collection extends { readonly size: number }>(
    collection: Collection,
    json: JsonValue,
    path: Path,
  ): Collection {
    return collection.size === this.#list(json, path).length ? collection : this.#fail(path, "has something twice");
  }

  #list(json: JsonValue | undefined, path: Path): readonly JsonValue[] {
    return isJsonList(json) ? json : this.#fail(path, "is not a list");
  }

  #listOf(length: number, json: JsonValue | undefined, path: Path): readonly JsonValue[] {
    const list = this.#list(json, path);
    return list.length === length ? list : this.#fail(path, `has ${list.length} parts instead of ${length}`);
  }

  #fields(json: JsonValue, expected: readonly string[], path: Path): JsonObject {
    if (!isJsonObject(json) || Object.keys(json).sort().join() !== [...expected].sort().join()) {
      return this.#fail(path, `is not an object with ${expected.join(", ")}`);
    }
    return json;
  }

  #matching(json: JsonValue | undefined, pattern: RegExp, path: Path, problem: string): string {
    const text = this.#text(json, path);
    return pattern.test(text) ? text : this.#fail(path, problem);
  }

  #text(json: JsonValue | undefined, path: Path): string {
    return typeof json === "string" ? json : this.#fail(path, "is not text");
  }

  #attempt<Result>(create: () => Result, path: Path, problem: string): Result {
    try {
      return create();
    } catch (cause) {
      throw new TaggedJsonError(formatPath(this.#root, path), problem, { cause });
    }
  }

  #fail(path: Path, problem: string): never {
    throw new TaggedJsonError(formatPath(this.#root, path), problem);
  }
}

function isTag(key: string): boolean {
  return key.startsWith("$") && !key.startsWith("$$");
}

function isHole(json: JsonValue): boolean {
  return (
    typeof json === "object" &&
    json !== null &&
    "$hole" in json &&
    json.$hole === true &&
    Object.keys(json).length === 1
  );
}
