import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { formatPath } from "../../errors/value-path.ts";
import { type ClassCodec, encodeInstance, findCodec } from "../../util/class-codec.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { hasExtraKeys, hasOddKeys, isGetter, isSetter, propertyOf } from "../own-keys.ts";
import { bufferProblem } from "../view-problem.ts";
import { checkInstances } from "./check-instances.ts";
import { markInstances } from "./mark-instances.ts";
import { RESERVED_LENGTH } from "./measure-structured.ts";
import { kindNameOf, planBuffer, type UsedBuffer } from "./plan-segments.ts";
import { INLINE_BELOW_BYTES, type PlannedInstance, type PlannedView, type StructuredPlan } from "./structured-plan.ts";

/** Deeper payloads could overflow the stack of V8's serialization, here or where they are read. */
const MAX_DEPTH = 500;

/**
 * Walks a payload once. It refuses values that would be changed without an error, and plans where
 * the binary content is written.
 *
 * @throws {@link UnsupportedPayloadError}
 */
export function planStructured(payload: unknown, classes: readonly ClassCodec[]): StructuredPlan {
  if (typeof payload !== "object" || payload === null) return planPrimitive(payload);
  return new Planner(classes).plan(payload);
}

const NO_REFERENCES: ReadonlyMap<never, never> = new Map<never, never>();

function planPrimitive(payload: unknown): StructuredPlan {
  if (typeof payload === "function" || typeof payload === "symbol")
    throw new UnsupportedPayloadError("structured", [], `is a ${typeof payload}`, BEHAVIOR);
  return { value: payload, instances: [], references: NO_REFERENCES };
}

const BEHAVIOR = "A payload is data: generate the data, and keep the behavior in code.";

const STREAM =
  "Use records() of persistable-ts/formats/records, or byteStream(): those formats keep a stream. Or collect its items first.";

/** Advice for objects that a class codec could not help with, by the name of their class. */
const REMEDIES: Readonly<Record<string, string>> = {
  Promise: "Await it first.",
  Number: "Give the plain value: object.valueOf().",
  String: "Give the plain value: object.valueOf().",
  Boolean: "Give the plain value: object.valueOf().",
  BigInt: "Give the plain value: object.valueOf().",
  Symbol: BEHAVIOR,
  SharedArrayBuffer: "Give a copy in memory of its own.",
  WeakMap: "Use a Map.",
  WeakSet: "Use a Set.",
  WeakRef: "Give what it refers to.",
  Error: "Give what matters of it: { name, message }.",
  Response: "Await its content first: await response.json(), or bytes of await response.arrayBuffer().",
  Request: "Give what matters of it: { url, method }.",
  Blob: "Give its bytes: new Uint8Array(await blob.arrayBuffer()).",
  File: "Give its bytes: new Uint8Array(await file.arrayBuffer()).",
  URL: "Give its text: url.href.",
  URLSearchParams: "Give its text: String(params).",
  Headers: "Give its entries: Object.fromEntries(headers).",
  FormData: "Give its entries: [...form].",
  ReadableStream: STREAM,
};

/**
 * Whether a prototype is that of ArrayBuffer in any realm: test runners give a program the
 * ArrayBuffer of another realm, while the buffers of its typed arrays are of its own.
 */
function isBufferPrototype(prototype: object | null): boolean {
  if (prototype === null) return false;
  const { constructor: made }: { constructor?: { name?: unknown } } = prototype;
  return prototype === ArrayBuffer.prototype || (made?.name === "ArrayBuffer" && Object.hasOwn(prototype, "slice"));
}

type Types = typeof import("node:util").types;

class Planner {
  readonly #classes: readonly ClassCodec[];
  readonly #types: Types = process.getBuiltinModule("node:util").types;
  /** The objects of the payload, in the order in which they were visited. */
  readonly #seen = new Set<object>();
  /** The path of the object that is being checked. */
  readonly #path: (string | number)[] = [];
  readonly #buffers = new Map<ArrayBuffer, UsedBuffer>();
  #nodes = 0;
  #encodingsAround = 0;
  /**
   * Whether an encoding holds an object that was met before. Only then may instances hold
   * themselves.
   */
  #encodingsShare = false;
  /** The instances, each after those that its encoding holds. */
  readonly #instances = new Map<object, PlannedInstance & { readonly path: readonly (string | number)[] }>();

  constructor(classes: readonly ClassCodec[]) {
    this.#classes = classes;
  }

  plan(payload: object): StructuredPlan {
    this.#visit(payload);
    const views = new Map<object, PlannedView>();
    let needsMarkers = this.#instances.size > 0;
    for (const [buffer, used] of this.#buffers) {
      // V8 itself writes a small buffer that has no views in the payload.
      if (used.whole && used.views.length === 0 && buffer.byteLength < INLINE_BELOW_BYTES) continue;
      planBuffer(buffer, used, views);
      needsMarkers ||= used.whole;
    }
    if (!needsMarkers) return { value: payload, instances: [], references: views };
    if (this.#encodingsShare) this.#checkInstances();
    return markInstances(payload, this.#seen, this.#instances, views);
  }

  /**
   * Walks depth first, in the order in which V8 recurses: a list of linked nodes is as deep as it
   * is long.
   */
  #visit(object: object): void {
    if (this.#seen.has(object)) return;
    if (this.#path.length > MAX_DEPTH) this.#refuseDepth();
    this.#seen.add(object);
    this.#count(1);
    if (isProxy(object)) this.#refuse("is a proxy", "Give the plain object behind it.");
    const prototype: object | null = Object.getPrototypeOf(object);
    if (prototype === Object.prototype) this.#lookAtObject(object);
    else if (prototype === Array.prototype && Array.isArray(object)) this.#lookAtArray(object);
    else this.#lookAtOther(object, prototype);
  }

  #meet(value: unknown, key: string | number): void {
    if (typeof value === "object") {
      if (value === null) return;
      if (this.#seen.has(value)) {
        this.#encodingsShare ||= this.#encodingsAround > 0;
        return;
      }
      this.#path.push(key);
      this.#visit(value);
      this.#path.pop();
    } else if (typeof value === "function" || typeof value === "symbol")
      this.#refuse(`is a ${typeof value}`, BEHAVIOR, key);
  }

  /** Refuses a payload that reading would later refuse by the default limits. */
  #count(nodes: number): void {
    this.#nodes += nodes;
    const { maxNodes } = defaultDecodeLimits;
    if (this.#nodes > maxNodes)
      this.#refuse(`brings the payload to more than ${maxNodes} values`, "Keep numbers in typed arrays.");
  }

  #lookAtObject(object: object): void {
    const keys = Object.keys(object);
    if (hasOddKeys(object, keys.length)) this.#refuseOddKey(object);
    this.#count(2 * keys.length);
    for (const key of keys) this.#lookAtProperty(object, key, key);
  }

  #lookAtProperty(object: object, property: string | number, key: string | number): void {
    if (isGetter(object, property)) this.#refuseGetter(key);
    const value = propertyOf(object, property);
    if (value === undefined) {
      if (isSetter(object, property)) this.#refuseGetter(key);
    } else if (typeof value !== "number" && typeof value !== "string") this.#meet(value, key);
  }

  #lookAtArray(array: readonly unknown[]): void {
    let next = 0;
    if (!hasExtraKeys(array))
      while (next < array.length && Object.hasOwn(array, next)) this.#lookAtProperty(array, next, next++);
    // Each element counts twice, since V8 may write an index with it.
    if (next === array.length) this.#count(2 * next);
    // Only a list of the keys shows hidden ones, and those beyond a hole, which may be billions
    // long.
    else this.#lookAtOddArray(array);
  }

  #lookAtOddArray(array: readonly unknown[]): void {
    const keys = Object.keys(array);
    this.#count(2 * keys.length + Math.min(array.length, RESERVED_LENGTH));
    // The own keys also include `length`.
    if (Reflect.ownKeys(array).length !== keys.length + 1) this.#refuseOddKey(array, "length");
    for (const key of keys) this.#lookAtProperty(array, key, String(Number(key)) === key ? Number(key) : key);
  }

  #lookAtOther(object: object, prototype: object | null): void {
    const types = this.#types;
    const codec = this.#classes.length > 0 ? findCodec(this.#classes, object) : undefined;
    if (codec !== undefined) this.#lookAtInstance(object, codec);
    else if (ArrayBuffer.isView(object)) this.#lookAtView(object);
    else if (prototype === Map.prototype && types.isMap(object)) this.#lookAtMap(object);
    else if (prototype === Set.prototype && types.isSet(object)) {
      this.#assertBare(object);
      let i = 0;
      this.#count(object.size);
      for (const value of Set.prototype.values.call(object)) this.#meet(value, i++);
    } else if (prototype === Date.prototype && types.isDate(object)) this.#assertBare(object);
    else if (prototype === RegExp.prototype && types.isRegExp(object)) this.#lookAtRegExp(object);
    else if (types.isArrayBuffer(object) && isBufferPrototype(prototype)) {
      this.#assertBare(object);
      this.#use(object).whole = true;
    } else this.#refuseInstance(object, prototype);
  }

  #lookAtMap(map: ReadonlyMap<unknown, unknown>): void {
    this.#assertBare(map);
    this.#count(2 * map.size);
    let i = 0;
    for (const [key, value] of Map.prototype.entries.call(map)) {
      this.#meet(key, `key ${i}`);
      this.#meet(value, typeof key === "string" || typeof key === "number" ? key : `value ${i}`);
      i += 1;
    }
  }

  #lookAtRegExp(regExp: RegExp): void {
    if (regExp.lastIndex !== 0 || Reflect.ownKeys(regExp).length > 1)
      this.#refuse("is a regular expression in use (lastIndex)", "Give a fresh one.");
  }

  #lookAtView(view: ArrayBufferView): void {
    if (kindNameOf(view) === undefined) this.#refuseInstance(view, Object.getPrototypeOf(view));
    if (hasExtraKeys(view)) this.#refuse("is an array with keys of its own", "Use an object beside it.");
    this.#use(view.buffer as ArrayBuffer).views.push(view);
  }

  #use(buffer: ArrayBuffer): UsedBuffer {
    const known = this.#buffers.get(buffer);
    if (known !== undefined) return known;
    const problem = bufferProblem(buffer);
    if (problem !== undefined) this.#refuse(...problem);
    const used = { views: [], whole: false };
    this.#buffers.set(buffer, used);
    return used;
  }

  #lookAtInstance(object: object, codec: ClassCodec): void {
    const path = [...this.#path];
    const encoded = encodeInstance(codec, object, () => formatPath("payload", path));
    this.#encodingsAround += 1;
    this.#meet(encoded, codec.name);
    this.#encodingsAround -= 1;
    this.#instances.set(object, { name: codec.name, encoded, path });
  }

  #assertBare(object: object): void {
    const [key] = Reflect.ownKeys(object);
    if (key !== undefined) this.#refuse(`has a property of its own, ${String(key)}`, "Use an object beside it.");
  }

  #refuseOddKey(object: object, known?: string): never {
    const hidden = Reflect.ownKeys(object).find(
      (key) => key !== known && !Object.prototype.propertyIsEnumerable.call(object, key),
    );
    if (typeof hidden === "string") this.#refuseGetter(hidden);
    const symbols = Object.getOwnPropertySymbols(object);
    this.#refuse(`has a symbol key, ${String(symbols[0])}`, "Use text keys.");
  }

  #refuseGetter(key: string | number): never {
    this.#refuse("is a getter, or hidden", "Give the value itself.", key);
  }

  #checkInstances(): void {
    const problem = checkInstances(this.#instances, MAX_DEPTH);
    if (problem === undefined) return;
    this.#path.push(...(this.#instances.get(problem.instance)?.path ?? []));
    if (problem.reason === "too deep") this.#refuseDepth();
    this.#refuse(
      "is an instance whose encoding holds the instance itself",
      "Encode a name or an index instead of the link.",
    );
  }

  #refuseDepth(): never {
    this.#refuse(
      `is nested more than ${MAX_DEPTH} levels deep`,
      "Give a flatter payload: a list with indices instead of links.",
    );
  }

  #refuseInstance(object: object, prototype: object | null): never {
    if (prototype === null) this.#refuse("is an object without a prototype", "Give a plain copy: { ...object }.");
    const { constructor: made }: { constructor?: { name?: unknown } } = prototype;
    const given = made?.name;
    const name = typeof given === "string" && given !== "" ? given : undefined;
    const iterates = Symbol.asyncIterator in prototype;
    if (this.#types.isGeneratorObject(object) || (iterates && name === undefined))
      this.#refuse(
        iterates ? "is an async generator" : "is a generator",
        iterates ? STREAM : "Give its values: [...generator].",
      );
    if (this.#types.isNativeError(object)) this.#refuse(`is an error (${name ?? "Error"})`, REMEDIES.Error ?? "");
    if (name === undefined) this.#refuse("is an instance of a class without a name", "Give a plain object.");
    this.#refuse(
      `is an instance of ${name}`,
      (Object.hasOwn(REMEDIES, name) ? REMEDIES[name] : undefined) ??
        (iterates ? STREAM : undefined) ??
        `Declare how it is encoded: structured({ classes: [defineClass(${name}, { encode: (instance) => …, decode: (encoded) => … })] }).`,
    );
  }

  #refuse(what: string, suggestion: string, key?: string | number): never {
    const path = key === undefined ? this.#path : [...this.#path, key];
    throw new UnsupportedPayloadError("structured", path, what, suggestion);
  }
}
