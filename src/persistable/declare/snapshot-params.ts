import { UnsupportedValueError } from "../../errors/params-errors.ts";
import { formatPath } from "../../errors/value-path.ts";
import { Secret } from "../../params/secret.ts";
import { type ClassCodec, decodeInstance, encodeInstance } from "../../util/class-codec.ts";
import { setOwn } from "../../util/fields-of.ts";
import { isProxy } from "../../util/is-proxy.ts";

/** A copy of the params, as they were at one moment. */
export interface ParamsSnapshot {
  readonly params: Readonly<Record<string, unknown>>;
  /**
   * Whether a part of them cannot be frozen (a typed array, a Map): each reader then gets a copy.
   */
  readonly mutable: boolean;
  /** Whether the params are all primitives, or lists and plain objects of primitives. */
  readonly isShallow: boolean;
}

/**
 * Copies the params, so that a caller who later changes the originals does not change the copy.
 * Plain objects and arrays are frozen, too. A value that cannot be in a recipe is kept as it is:
 * computing the address refuses it and names its path.
 *
 * @param ignoreUndefined - whether the copy has no properties that are undefined, at any depth
 */
export function snapshotParams(
  params: Readonly<Record<string, unknown>>,
  classes: readonly ClassCodec[],
  ignoreUndefined = false,
): ParamsSnapshot {
  const shallow = tryCopyShallow(params);
  if (shallow !== undefined) return shallow;
  assertDataProperties(params);
  const copier = new Copier(classes, ignoreUndefined);
  const copy = copier.copyParams(withoutUnset(params));
  return { params: copy, mutable: copier.mutable, isShallow: false };
}

/**
 * Copies params that are primitives, lists of primitives and plain objects of primitives, as most
 * are; returns `undefined` for others. It reads no property that would call code.
 */
function tryCopyShallow(params: Readonly<Record<string, unknown>>): ParamsSnapshot | undefined {
  const copy: Record<string, unknown> = {};
  let seen: unknown[] | undefined;
  for (const key of Reflect.ownKeys(params)) {
    const property = Object.getOwnPropertyDescriptor(params, key);
    if (typeof key !== "string" || !isPlainProperty(key, property)) return undefined;
    let { value } = property;
    if (typeof value === "object" && value !== null) {
      // An object that occurs twice has to stay one object.
      if (seen?.includes(value)) return undefined;
      seen = [...(seen ?? []), value];
      value = tryCopyPrimitives(value);
      if (value === undefined) return undefined;
    }
    // An option that is `undefined` counts as left out.
    if (value !== undefined) copy[key] = value;
  }
  return { params: Object.freeze(copy), mutable: false, isShallow: true };
}

function tryCopyPrimitives(container: object): object | undefined {
  if (isProxy(container)) return undefined;
  const isList = Array.isArray(container);
  if (Object.getPrototypeOf(container) !== (isList ? Array.prototype : Object.prototype)) return undefined;
  const keys = Reflect.ownKeys(container);
  // The last key of a list is its length: if there is none but the indices before, none is missing.
  if (isList && keys.pop() !== "length") return undefined;
  if (isList && keys.length !== container.length) return undefined;
  const copy: Record<string | number, unknown> = isList ? ([] as never) : {};
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(container, key);
    if (typeof key !== "string" || !isPlainProperty(key, property) || !isPrimitive(property.value)) return undefined;
    copy[key] = property.value;
  }
  return Object.freeze(copy);
}

function isPlainProperty(
  key: string,
  property: PropertyDescriptor | undefined,
): property is PropertyDescriptor & { readonly value: unknown } {
  return key !== "__proto__" && property?.enumerable === true && "value" in property;
}

function isPrimitive(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/**
 * Refuses params that cannot be read without calling the caller's code, so that all later code may
 * read them. Computing the address refuses values inside them, and names their path.
 */
function assertDataProperties(params: object): void {
  if (isProxy(params)) throw new UnsupportedValueError("params", "a proxy", "Give the plain object behind it.");
  for (const key of Reflect.ownKeys(params)) {
    const descriptor = Object.getOwnPropertyDescriptor(params, key);
    const path = formatPath("params", [String(key)]);
    if (typeof key === "symbol") throw new UnsupportedValueError(path, "under a symbol", "Use text keys.");
    if (descriptor === undefined || !("value" in descriptor))
      throw new UnsupportedValueError(path, "a getter or setter", "Give the value itself.");
    if (descriptor.enumerable !== true)
      throw new UnsupportedValueError(
        path,
        "a hidden (non-enumerable) property",
        "Make it enumerable, or leave it out.",
      );
  }
}

function withoutUnset(params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const set: Record<string, unknown> = {};
  for (const key of Object.keys(params)) {
    const value = params[key];
    if (value !== undefined) setOwn(set, key, value);
  }
  return set;
}

/**
 * Values nested deeper than this are shared instead of copied: copying recurses, and the stack is
 * limited.
 */
const MAX_COPY_DEPTH = 500;

class Copier {
  mutable = false;
  readonly #classes: readonly ClassCodec[];
  readonly #ignoreUndefined: boolean;
  readonly #copies = new Map<object, unknown>();

  constructor(classes: readonly ClassCodec[], ignoreUndefined: boolean) {
    this.#classes = classes;
    this.#ignoreUndefined = ignoreUndefined;
  }

  copyParams(params: object): Readonly<Record<string, unknown>> {
    return this.#copyPlain(params, 1);
  }

  copy(value: unknown, depth: number): unknown {
    if (
      typeof value !== "object" ||
      value === null ||
      value instanceof Secret ||
      depth > MAX_COPY_DEPTH ||
      isProxy(value)
    )
      return value;
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    const copy = this.#copyObject(value, depth + 1);
    this.#copies.set(value, copy);
    return copy;
  }

  #copyObject(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#copyArray(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) return this.#copyPlain(value, depth);
    if (value instanceof RegExp || value instanceof URL) return value;
    this.mutable = true;
    if (value instanceof Map) return this.#copyMap(value, depth);
    if (value instanceof Set) return this.#copySet(value, depth);
    if (value instanceof Date || value instanceof ArrayBuffer || ArrayBuffer.isView(value))
      return structuredCloneOf(value);
    const codec = this.#classes.find((candidate) => candidate.class.prototype === prototype);
    return codec === undefined ? value : decodeInstance(codec, this.copy(encodeInstance(codec, value), depth));
  }

  /**
   * The copy is noted before it is filled, as for every container, since a map may contain itself.
   * Computing the address refuses such a map.
   */
  #copyMap(value: ReadonlyMap<unknown, unknown>, depth: number): unknown {
    const copy = new Map<unknown, unknown>();
    this.#copies.set(value, copy);
    for (const [key, item] of [...value]) copy.set(this.copy(key, depth), this.copy(item, depth));
    return copy;
  }

  #copySet(value: ReadonlySet<unknown>, depth: number): unknown {
    const copy = new Set<unknown>();
    this.#copies.set(value, copy);
    for (const item of [...value]) copy.add(this.copy(item, depth));
    return copy;
  }

  #copyArray(value: readonly unknown[], depth: number): unknown {
    // Computing the address refuses holes and extra keys.
    if (Object.keys(value).length !== value.length) return value;
    const copy: unknown[] = [];
    this.#copies.set(value, copy);
    for (const item of value) copy.push(this.copy(item, depth));
    return Object.freeze(copy);
  }

  #copyPlain(value: object, depth: number): Readonly<Record<string, unknown>> {
    const copy: Record<string, unknown> = {};
    this.#copies.set(value, copy);
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      // Getters, symbols and hidden properties are copied without calling them: computing the
      // address refuses them.
      if (descriptor === undefined) continue;
      if ("value" in descriptor) {
        const isUnset = descriptor.value === undefined && descriptor.enumerable === true && typeof key === "string";
        if (isUnset && this.#ignoreUndefined) continue;
        descriptor.value = this.copy(descriptor.value, depth);
      }
      Object.defineProperty(copy, key, descriptor);
    }
    return Object.freeze(copy);
  }
}

function structuredCloneOf(value: Date | ArrayBuffer | ArrayBufferView): unknown {
  // `structuredClone` would turn a Buffer into a Uint8Array, and copy all of a pool of which this
  // is a view.
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return structuredClone(value);
  return "slice" in value ? copyView(value) : value;
}

function copyView(view: ArrayBufferView): unknown {
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return Buffer.isBuffer(view) ? Buffer.from(bytes) : Reflect.construct(view.constructor, [bytes]);
}
