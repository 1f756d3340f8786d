import { UnsupportedValueError } from "../errors/params-errors.ts";
import { formatPath } from "../errors/value-path.ts";
import { type ClassCodec, findCodec } from "../util/class-codec.ts";
import { isProxy } from "../util/is-proxy.ts";
import { sha256Hex } from "../util/sha256.ts";
import { BINARY_DIGEST_BYTES, BinaryDigest, bytesOf } from "./binary-digest.ts";
import { CanonicalOverflow, CanonicalWriter, TAG } from "./canonical-writer.ts";
import { EncodedInstance } from "./encoded-instance.ts";
import { dataProperty, isPlainObject, kindOf, sortedKeys } from "./inspect-object.ts";

/** How to encode. */
export interface CanonicalOptions {
  /** How class instances are encoded. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** What paths in messages begin with; `value` by default. */
  readonly root?: string | undefined;
}

/**
 * The one byte sequence of a value: equal values alike, different values apart, whatever the order of keys, of `Map` entries and `Set` members,
 * and whether parts are shared or copied. No depth limit. The format is scheme `persistable/1`: spec/address.md.
 *
 * @throws {@link UnsupportedValueError} with the path of what cannot be represented.
 *
 * @example
 * ```ts
 * encodeCanonical({ b: 1, a: new Set([2, 1]) }); // the bytes of { a: new Set([1, 2]), b: 1 }
 * ```
 */
export function encodeCanonical(value: unknown, options: CanonicalOptions = {}): Uint8Array {
  // The shared writer is taken for the time of the call: a codec may encode something itself.
  const writer = idleWriter ?? new CanonicalWriter();
  idleWriter = undefined;
  try {
    writer.reset();
    writeCanonical(writer, value, options);
    return writer.take();
  } finally {
    idleWriter = writer;
  }
}

let idleWriter: CanonicalWriter | undefined;

/** One container that is being written. */
interface Frame {
  readonly object: object;
  readonly kind: "array" | "object" | "map" | "set" | "instance";
  /** Keys of an object, in order; entries of a map, flattened; members of a set; elements are taken from the array itself. */
  readonly items: readonly unknown[];
  next: number;
  /** Where each piece of an unordered container began. */
  readonly starts: number[];
}

/** Appends the canonical bytes of a value. */
export function writeCanonical(writer: CanonicalWriter, value: unknown, options: CanonicalOptions): void {
  try {
    new Encoder(writer, options).write(value);
  } catch (error) {
    if (!(error instanceof CanonicalOverflow)) throw error;
    throw new UnsupportedValueError(
      options.root || "the recipe",
      "larger than 1 GiB when what is shared in it is written out",
      "Give bulky parts as typed arrays, or as dependencies.",
    );
  }
}

class Encoder {
  readonly #writer: CanonicalWriter;
  readonly #classes: readonly ClassCodec[];
  readonly #root: string;
  readonly #frames: Frame[] = [];
  /** Containers from the root down to here. */
  readonly #open = new Set<object>();

  constructor(writer: CanonicalWriter, options: CanonicalOptions) {
    this.#writer = writer;
    this.#classes = options.classes ?? [];
    this.#root = options.root ?? "value";
  }

  write(value: unknown): void {
    this.#value(value);
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (frame.next < frame.items.length) this.#item(frame);
      else this.#close(frame);
    }
  }

  #item(frame: Frame): void {
    const index = frame.next++;
    if (frame.kind === "object") {
      const key = frame.items[index] as string;
      const property = dataProperty(frame.object, key, () => this.#path());
      this.#writer.string(key);
      this.#value(property);
      return;
    }
    if (frame.kind === "set" || (frame.kind === "map" && index % 2 === 0)) frame.starts.push(this.#writer.length);
    if (frame.kind === "array" && !(index in frame.items)) this.#writer.tag(TAG.hole);
    else
      this.#value(
        frame.kind === "array" ? dataProperty(frame.object, String(index), () => this.#path()) : frame.items[index],
      );
  }

  #close(frame: Frame): void {
    if (frame.starts.length > 1) this.#writer.sortPieces(frame.starts);
    this.#frames.pop();
    this.#open.delete(frame.object);
  }

  #value(value: unknown): void {
    const writer = this.#writer;
    switch (typeof value) {
      case "number":
        writer.tag(TAG.number);
        writer.double(value);
        return;
      case "string":
        writer.string(value);
        return;
      case "boolean":
        writer.tag(value ? TAG.true : TAG.false);
        return;
      case "undefined":
        writer.tag(TAG.undefined);
        return;
      case "bigint":
        writer.tag(TAG.bigint);
        writer.utf8(value.toString());
        return;
      case "object":
        if (value === null) writer.tag(TAG.null);
        else this.#object(value);
        return;
      default:
        this.#refuse(
          `a ${typeof value}`,
          "A recipe holds values, not behavior: give a name or a version for it, or mark it untracked(…).",
        );
    }
  }

  #object(object: object): void {
    if (isProxy(object)) this.#refuse("a proxy", "Give the plain object behind it.");
    if (this.#open.has(object)) this.#refuseCycle(object);
    const kind = kindOf(object);
    if (kind !== "Object") this.#builtIn(object, kind);
    else if (isPlainObject(object)) this.#enter(object, "object", TAG.object, this.#keysOf(object));
    else this.#instance(object);
  }

  #keysOf(object: object): readonly string[] {
    return sortedKeys(object, () => this.#path());
  }

  #builtIn(object: object, kind: string): void {
    const writer = this.#writer;
    switch (kind) {
      case "Array":
        this.#assertExact(object, Array.prototype, "Array");
        this.#array(object as readonly unknown[]);
        return;
      case "Map":
        this.#assertExact(object, Map.prototype, "Map");
        this.#assertBare(object, "Map");
        this.#enter(object, "map", TAG.map, [...Map.prototype.entries.call(object)].flat(1));
        return;
      case "Set":
        this.#assertExact(object, Set.prototype, "Set");
        this.#assertBare(object, "Set");
        this.#enter(object, "set", TAG.set, [...Set.prototype.values.call(object)]);
        return;
      case "Date":
        this.#assertExact(object, Date.prototype, "Date");
        this.#assertBare(object, "Date");
        writer.tag(TAG.date);
        writer.double(Date.prototype.getTime.call(object));
        return;
      case "RegExp":
        this.#regExp(object as RegExp);
        return;
      case "URL":
        this.#assertExact(object, URL.prototype, "URL");
        writer.tag(TAG.url);
        writer.string((object as URL).href);
        return;
      default:
        if (kind.endsWith("Array") || kind === "ArrayBuffer" || kind === "DataView")
          this.#binary(object as ArrayBufferView, kind);
        else this.#refuseBuiltIn(kind);
    }
  }

  #array(array: readonly unknown[]): void {
    const extra = Reflect.ownKeys(array).find((key) => key !== "length" && !isIndex(key, array.length));
    if (extra !== undefined)
      this.#refuse(`an array with a key of its own, ${String(extra)}`, "Use an object beside the array.");
    this.#enter(array, "array", TAG.array, array);
  }

  #regExp(regExp: RegExp): void {
    this.#assertExact(regExp, RegExp.prototype, "RegExp");
    const own = Reflect.ownKeys(regExp).filter((key) => key !== "lastIndex");
    if (own.length > 0 || regExp.lastIndex !== 0)
      this.#refuse("a regular expression in use", "Give a fresh one, whose lastIndex is 0.");
    this.#writer.tag(TAG.regExp);
    this.#writer.string(regExp.source);
    this.#writer.string(regExp.flags);
  }

  #binary(content: ArrayBufferView | ArrayBuffer, kind: string): void {
    const buffer = ArrayBuffer.isView(content) ? content.buffer : content;
    if (kindOf(buffer) === "SharedArrayBuffer" || (buffer as { resizable?: boolean }).resizable === true) {
      this.#refuse("memory that others can change (shared or resizable)", "Give a copy: new Float64Array(view).");
    }
    this.#assertBareView(content, kind);
    const bytes = bytesOf(content);
    if (bytes.length >= BINARY_DIGEST_BYTES) this.#binaryDigest(kind, bytes.length, sha256Hex(bytes));
    else {
      this.#writer.tag(TAG.binary);
      this.#writer.string(kind);
      this.#writer.count(bytes.length);
      this.#writer.raw(bytes);
    }
  }

  #binaryDigest(kind: string, sizeBytes: number, sha256: string): void {
    this.#writer.tag(TAG.binaryDigest);
    this.#writer.string(kind);
    this.#writer.count(sizeBytes);
    for (let i = 0; i < 64; i += 2) this.#writer.tag(Number.parseInt(sha256.slice(i, i + 2), 16));
  }

  #instance(object: object): void {
    if (object instanceof BinaryDigest) {
      this.#binaryDigest(object.type, object.sizeBytes, object.sha256);
      return;
    }
    if (object instanceof EncodedInstance) {
      this.#enterInstance(object, object.className, object.value);
      return;
    }
    const codec = findCodec(this.#classes, object);
    if (codec === undefined) this.#refuseInstance(object);
    else this.#enterInstance(object, codec.name, codec.encode(object));
  }

  #enterInstance(object: object, name: string, encoded: unknown): void {
    this.#writer.tag(TAG.instance);
    this.#writer.string(name);
    this.#open.add(object);
    this.#frames.push({ object, kind: "instance", items: [encoded], next: 0, starts: [] });
  }

  #enter(object: object, kind: Frame["kind"], tag: number, items: readonly unknown[]): void {
    this.#writer.tag(tag);
    this.#writer.count(kind === "map" ? items.length / 2 : items.length);
    this.#open.add(object);
    this.#frames.push({ object, kind, items, next: 0, starts: [] });
  }

  #assertExact(object: object, prototype: object, name: string): void {
    const own: unknown = Object.getPrototypeOf(object);
    if (own === prototype) return;
    // The same built-in of another realm has a prototype whose own prototype is not ours.
    const declared: unknown = (own as { constructor?: unknown } | null)?.constructor;
    if (typeof declared === "function" && declared.name === name && !(object instanceof Object)) return;
    this.#refuseInstance(object);
  }

  #assertBare(object: object, name: string): void {
    const [key] = Reflect.ownKeys(object);
    if (key !== undefined)
      this.#refuse(`a ${name} with a property of its own, ${String(key)}`, "Use an object beside it.");
  }

  #assertBareView(content: ArrayBufferView | ArrayBuffer, kind: string): void {
    const declared: unknown = (content as { constructor?: unknown }).constructor;
    const name = typeof declared === "function" ? declared.name : "";
    const isBuffer = name === "Buffer" && kind === "Uint8Array";
    if (name !== kind && !isBuffer) this.#refuseInstance(content);
  }

  #refuseInstance(object: object): never {
    const name = className(object);
    if (name === "Secret" || name === "Untracked") {
      this.#refuse(
        `${name === "Secret" ? "a secret" : "an untracked value"} inside a value`,
        `Wrap the whole parameter: ${name.toLowerCase()}(…) is for the top level of params.`,
      );
    }
    this.#refuse(
      `an instance of ${name}`,
      `Declare how it is encoded: classes: [defineClass(${name}, { encode: (instance) => …, decode: (encoded) => … })], or give a plain value.`,
    );
  }

  #refuseBuiltIn(kind: string): never {
    const what: Readonly<Record<string, string>> = {
      SharedArrayBuffer: "memory that others can change (shared)",
      Promise: "a promise",
      WeakCollection: "a weak collection",
      Boxed: "a boxed primitive",
      Error: "an error",
      Generator: "a generator",
    };
    this.#refuse(what[kind] ?? `a ${kind}`, kind === "Promise" ? "Await it first." : "Give a plain value.");
  }

  #refuseCycle(object: object): never {
    const start = this.#frames.findIndex((frame) => frame.object === object);
    this.#refuse(`a cycle back to ${this.#path(start)}`, "A recipe is a tree: refer to it by a name.");
  }

  #refuse(what: string, remedy: string): never {
    throw new UnsupportedValueError(this.#path(), what, remedy);
  }

  /** The path of what is being written, or of the container at a depth. */
  #path(depth = this.#frames.length): string {
    const keys = this.#frames.slice(0, depth).flatMap((frame): (string | number)[] => {
      const index = frame.next - 1;
      if (frame.kind === "object") return [frame.items[index] as string];
      if (frame.kind === "array" || frame.kind === "set") return [index];
      return frame.kind === "map"
        ? [index % 2 === 0 ? `key ${index / 2}` : describeKey(frame.items[index - 1], index)]
        : [];
    });
    // A path of a million keys would say nothing.
    return keys.length <= 50
      ? formatPath(this.#root, keys)
      : `${formatPath(this.#root, keys.slice(0, 20))}… (${keys.length} levels)`;
  }
}

function describeKey(key: unknown, index: number): string | number {
  return typeof key === "string" || typeof key === "number" ? key : `value ${(index - 1) / 2}`;
}

function isIndex(key: string | symbol, length: number): boolean {
  if (typeof key === "symbol") return false;
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < length && String(index) === key;
}

function className(object: object): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  const descriptor = prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, "constructor");
  const declared: unknown = descriptor?.value;
  return typeof declared === "function" && declared.name !== "" ? declared.name : "a class without a name";
}
