import { UnsupportedValueError } from "../errors/params-errors.ts";
import { formatPath } from "../errors/value-path.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { BINARY_DIGEST_BYTES } from "./binary-digest.ts";
import { CanonicalOverflow, CanonicalWriter, compareBytes, TAG } from "./canonical-writer.ts";
import { HOLE, type ObjectContent, type Refuse, readObject } from "./read-object.ts";

export interface CanonicalOptions {
  /** The codecs for class instances. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** The beginning of paths in messages; `value` by default. */
  readonly root?: string | undefined;
}

/**
 * Returns the one byte sequence of a value: the same for equal values and different for different
 * ones, whatever the order of keys, of `Map` entries and `Set` members, and whether parts are
 * shared or copied. There is no depth limit. The format is scheme `persistable/1`: spec/address.md.
 *
 * @throws {@link UnsupportedValueError} with the path of the value that cannot be represented.
 *
 * ```ts
 * encodeCanonical({ b: 1, a: new Set([2, 1]) }); // the bytes of { a: new Set([1, 2]), b: 1 }
 * ```
 */
export function encodeCanonical(value: unknown, options: CanonicalOptions = {}): Uint8Array {
  // While this call runs, no other call may use the shared writer: a codec may encode a value
  // itself.
  const writer = idleWriter ?? new CanonicalWriter();
  idleWriter = undefined;
  try {
    writeCanonical(writer, value, options);
    return writer.take();
  } finally {
    // A very large buffer is released now, and does not stay in memory until the next value.
    writer.reset();
    idleWriter = writer;
  }
}

let idleWriter: CanonicalWriter | undefined;

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

/** The state of one container that is being written. */
interface Frame {
  readonly object: object;
  /**
   * A map's keys are written first, to find their order, and then its entries; a single entry needs
   * no order.
   */
  kind: "array" | "object" | "set" | "instance" | "map-entry" | "map-keys" | "map-values";
  items: readonly unknown[];
  next: number;
  /**
   * The offset at which each item of a set or entry of a map begins: its bytes decide on its
   * position.
   */
  starts: number[];
  /**
   * The keys of an object, in the order in which they are written; or the keys of a map, which only
   * paths in messages need.
   */
  keys: readonly unknown[];
  /** The values of a map. */
  readonly values: readonly unknown[];
  encodedKeys: readonly Uint8Array[];
  /** The number of instances around this container, itself included. */
  readonly instances: number;
}

type Container = Extract<ObjectContent, { kind: "array" | "object" | "map" | "set" | "instance" }>;

/**
 * Without this limit, a codec that returns a new instance of its own class would fill the memory.
 */
const MAX_NESTED_INSTANCES = 100_000;

class Encoder {
  readonly #writer: CanonicalWriter;
  readonly #classes: readonly ClassCodec[];
  readonly #root: string;
  readonly #frames: Frame[] = [];
  /** The containers from the root down to the current one. */
  readonly #open = new Set<object>();

  constructor(writer: CanonicalWriter, options: CanonicalOptions) {
    this.#writer = writer;
    this.#classes = options.classes ?? [];
    this.#root = options.root ?? "value";
  }

  write(value: unknown): void {
    this.#value(value);
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (frame.next < frame.items.length) this.#item(frame, frame.next++);
      else if (frame.kind === "map-keys") this.#sortEntries(frame);
      else this.#close(frame);
    }
  }

  #item(frame: Frame, index: number): void {
    const { kind } = frame;
    if (kind === "set" || kind === "map-keys" || kind === "map-values") frame.starts.push(this.#writer.length);
    if (kind === "object") {
      const key = frame.keys[index];
      if (typeof key === "string") this.#writer.string(key);
    } else if (kind === "map-values") {
      const key = frame.encodedKeys[index];
      if (key !== undefined) this.#writer.raw(key);
    }
    this.#value(frame.items[index]);
  }

  #close(frame: Frame): void {
    if (frame.kind === "set") this.#writer.sortPieces(frame.starts);
    // The entries of a map are already sorted by their keys. Keys with equal bytes are different
    // objects with the same content: then the values decide on the order.
    if (hasEqualNeighbours(frame.encodedKeys)) this.#writer.sortPieces(frame.starts);
    this.#frames.pop();
    this.#open.delete(frame.object);
  }

  /**
   * Sorts the keys first: the values, which may be large, are then written once, each at its final
   * position.
   */
  #sortEntries(frame: Frame): void {
    const { starts, keys, values } = frame;
    const entries = starts.map((start, i) => ({
      key: keys[i],
      value: values[i],
      encodedKey: this.#writer.slice(start, starts[i + 1]),
    }));
    const [start = this.#writer.length] = starts;
    this.#writer.cutAt(start);
    entries.sort((a, b) => compareBytes(a.encodedKey, b.encodedKey));
    frame.kind = "map-values";
    frame.keys = entries.map(({ key }) => key);
    frame.items = entries.map(({ value }) => value);
    frame.encodedKeys = entries.map(({ encodedKey }) => encodedKey);
    frame.starts = [];
    frame.next = 0;
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
        if (value === HOLE) writer.tag(TAG.hole);
        else this.#refuseBehavior(typeof value);
    }
  }

  #object(object: object): void {
    if (this.#open.has(object)) this.#refuseCycle(object);
    const content = readObject(object, this.#classes, this.#refuse);
    const writer = this.#writer;
    switch (content.kind) {
      case "date":
        writer.tag(TAG.date);
        writer.double(content.timeMs);
        return;
      case "regexp":
        writer.tag(TAG.regExp);
        writer.string(content.source);
        writer.string(content.flags);
        return;
      case "url":
        writer.tag(TAG.url);
        writer.string(content.href);
        return;
      case "binary":
        this.#binary(content.type, content.bytes);
        return;
      case "digest":
        this.#binaryDigest(content.digest.type, content.digest.sizeBytes, content.digest.sha256);
        return;
      default:
        this.#enter(object, content);
    }
  }

  #binary(type: string, bytes: Uint8Array): void {
    if (bytes.length >= BINARY_DIGEST_BYTES) {
      this.#binaryDigest(type, bytes.length, sha256Hex(bytes));
      return;
    }
    this.#writer.tag(TAG.binary);
    this.#writer.string(type);
    this.#writer.count(bytes.length);
    this.#writer.raw(bytes);
  }

  #binaryDigest(type: string, sizeBytes: number, sha256: string): void {
    this.#writer.tag(TAG.binaryDigest);
    this.#writer.string(type);
    this.#writer.count(sizeBytes);
    for (let i = 0; i < 64; i += 2) this.#writer.tag(Number.parseInt(sha256.slice(i, i + 2), 16));
  }

  #enter(object: object, content: Container): void {
    const instances = (this.#frames.at(-1)?.instances ?? 0) + (content.kind === "instance" ? 1 : 0);
    if (instances > MAX_NESTED_INSTANCES) {
      this.#refuse("an instance in ever more instances", "Let encode give a plain value, not a new instance.");
    }
    this.#open.add(object);
    this.#frames.push({
      object,
      next: 0,
      starts: [],
      keys: [],
      values: [],
      encodedKeys: [],
      instances,
      ...this.#begin(content),
    });
  }

  /** Writes the tag and the count of a container. */
  #begin(content: Container): Pick<Frame, "kind" | "items"> & Partial<Pick<Frame, "keys" | "values">> {
    const writer = this.#writer;
    const { kind } = content;
    if (kind === "instance") {
      writer.tag(TAG.instance);
      writer.string(content.name);
      return { kind, items: [content.encoded] };
    }
    if (kind === "array" || kind === "set") {
      writer.tag(TAG[kind]);
      writer.count(content.items.length);
      return { kind, items: content.items };
    }
    writer.tag(TAG[kind]);
    writer.count(content.keys.length);
    const { keys, values } = content;
    if (kind === "object") return { kind, ...sortedByKey(content.keys, values) };
    if (keys.length > 1) return { kind: "map-keys", items: keys, keys, values };
    return { kind: "map-entry", items: [...keys, ...values], keys };
  }

  #refuseBehavior(type: string): never {
    this.#refuse(
      `a ${type}`,
      "A recipe holds values, not behavior: give a name or a version for it, or mark it untracked(…).",
    );
  }

  #refuseCycle(object: object): never {
    const start = this.#frames.findIndex((frame) => frame.object === object);
    this.#refuse(`a cycle back to ${this.#path([], start)}`, "A recipe is a tree: refer to it by a name.");
  }

  readonly #refuse: Refuse = (what, remedy, key, cause) => {
    const path = this.#path(key === undefined ? [] : [key]);
    throw new UnsupportedValueError(path, what, remedy, ...(cause === undefined ? [] : [{ cause }]));
  };

  /** Returns the path from the root to the container at `depth`, followed by `rest`. */
  #path(rest: readonly (string | number)[], depth = this.#frames.length): string {
    const keys = [...this.#frames.slice(0, depth).flatMap(stepInto), ...rest];
    // A path of a million keys would not help the reader.
    return keys.length <= 50
      ? formatPath(this.#root, keys)
      : `${formatPath(this.#root, keys.slice(0, 20))}… (${keys.length} levels)`;
  }
}

function stepInto({ kind, keys, next }: Frame): (string | number)[] {
  const index = next - 1;
  switch (kind) {
    case "object":
      return [describeKey(keys[index], index)];
    case "map-keys":
      return [`key ${index}`];
    case "map-values":
      return [describeKey(keys[index], index)];
    case "map-entry":
      return [index === 0 ? "key 0" : describeKey(keys[0], 0)];
    case "instance":
      return [];
    default:
      return [index];
  }
}

function hasEqualNeighbours(sorted: readonly Uint8Array[]): boolean {
  return sorted.some((key, i) => {
    const before = sorted[i - 1];
    return before !== undefined && compareBytes(before, key) === 0;
  });
}

function describeKey(key: unknown, index: number): string | number {
  return typeof key === "string" || typeof key === "number" ? key : `value ${index}`;
}

/** Sorts the keys by their code units, as the operator `<` compares texts. */
function sortedByKey(keys: readonly string[], values: readonly unknown[]): Pick<Frame, "keys" | "items"> {
  if (keys.every((key, i) => i === 0 || (keys[i - 1] ?? "") < key)) return { keys, items: values };
  const byKey = new Map(keys.map((key, i) => [key, values[i]]));
  const sorted = [...keys].sort();
  return { keys: sorted, items: sorted.map((key) => byKey.get(key)) };
}
