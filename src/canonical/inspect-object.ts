import { isProxy } from "../util/is-proxy.ts";
import { type BinaryType, isBinaryType } from "./binary-digest.ts";

/**
 * The kind of an object by its internal slots, regardless of what the object claims; `Object` for
 * an object without such slots.
 */
export type ObjectKind = "Object" | "Array" | "Map" | "Set" | "Date" | "RegExp" | "URL" | BinaryType | RefusedKind;
export type RefusedKind =
  | "SharedArrayBuffer"
  | "Promise"
  | "WeakCollection"
  | "Boxed"
  | "Error"
  | "Generator"
  | "External";

/**
 * Returns the kind of an object of any realm that is not a proxy. It calls no code of the object.
 */
export function kindOf(object: object): ObjectKind {
  if (Array.isArray(object)) return "Array";
  if (ArrayBuffer.isView(object)) return viewKind(object);
  const types = nodeUtil()?.types;
  const kind = types === undefined ? kindByBrand(object) : kindByNode(object, types);
  if (kind !== undefined) return kind;
  // Only the type's own prototype is checked: a getter that throws costs microseconds.
  return Object.getPrototypeOf(object) === URL.prototype && hasBrand(object, urlBrand) ? "URL" : "Object";
}

type NodeUtil = typeof import("node:util");

let knownUtil: NodeUtil | null | undefined;

function nodeUtil(): NodeUtil | undefined {
  if (knownUtil === undefined) knownUtil = globalThis.process?.getBuiltinModule?.("node:util") ?? null;
  return knownUtil ?? undefined;
}

function kindByNode(object: object, types: NodeUtil["types"]): ObjectKind | undefined {
  if (types.isMap(object)) return "Map";
  if (types.isSet(object)) return "Set";
  if (types.isDate(object)) return "Date";
  if (types.isRegExp(object)) return "RegExp";
  if (types.isArrayBuffer(object)) return "ArrayBuffer";
  if (types.isSharedArrayBuffer(object)) return "SharedArrayBuffer";
  if (types.isPromise(object)) return "Promise";
  if (types.isWeakMap(object) || types.isWeakSet(object)) return "WeakCollection";
  if (types.isBoxedPrimitive(object)) return "Boxed";
  if (types.isNativeError(object)) return "Error";
  if (types.isGeneratorObject(object)) return "Generator";
  // Deno has neither such objects nor this function.
  return types.isExternal?.(object) === true ? "External" : undefined;
}

type Brand = (object: object) => unknown;

const typedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype);
const urlBrand = getterOf(URL.prototype, "href");
const viewTag = getterOf(typedArrayPrototype, Symbol.toStringTag);

/**
 * Finds the kind without Node: a built-in's own method or getter throws for every object that lacks
 * its internal slot.
 */
const BRANDS: readonly (readonly [ObjectKind, Brand])[] = [
  ["Map", getterOf(Map.prototype, "size")],
  ["Set", getterOf(Set.prototype, "size")],
  ["Date", (object) => Date.prototype.getTime.call(object)],
  ["RegExp", getterOf(RegExp.prototype, "global")],
  ["ArrayBuffer", getterOf(ArrayBuffer.prototype, "byteLength")],
  ["WeakCollection", (object) => WeakMap.prototype.has.call(object, object)],
  ["WeakCollection", (object) => WeakSet.prototype.has.call(object, object)],
  ["Boxed", (object) => Number.prototype.valueOf.call(object)],
  ["Boxed", (object) => String.prototype.valueOf.call(object)],
  ["Boxed", (object) => Boolean.prototype.valueOf.call(object)],
];

function kindByBrand(object: object): ObjectKind | undefined {
  return BRANDS.find(([, brand]) => hasBrand(object, brand))?.[0];
}

function hasBrand(object: object, brand: Brand): boolean {
  try {
    brand(object);
    return true;
  } catch {
    return false;
  }
}

function getterOf(prototype: object, key: string | symbol): Brand {
  const getter = Object.getOwnPropertyDescriptor(prototype, key)?.get;
  return (object) => getter?.call(object);
}

function viewKind(view: ArrayBufferView): BinaryType {
  const name = viewTag(view);
  return typeof name === "string" && isBinaryType(name) ? name : "DataView";
}

/**
 * Returns whether an object has the prototype of its kind itself, in any realm, and not that of a
 * derived class.
 */
export function hasPlainPrototype(object: object, kind: ObjectKind): boolean {
  const prototype = prototypeOf(object);
  if (prototype === null) return kind === "Object";
  if (prototype === undefined) return false;
  if (isPrototypeOfKind(prototype, kind)) return true;
  // Node's `Buffer` is a `Uint8Array` with other methods.
  return kind === "Uint8Array" && nameOf(prototype) === "Buffer" && hasPlainPrototype(prototype, kind);
}

function isPrototypeOfKind(prototype: object, kind: ObjectKind): boolean {
  const own: unknown = Reflect.get(globalThis, kind);
  if (typeof own === "function" && own.prototype === prototype) return true;
  // A prototype of another realm is recognized by the name of its constructor and by the number of
  // prototypes behind it, which are the same in each realm.
  if (nameOf(prototype) !== kind || (kind === "Object" && !Object.hasOwn(prototype, "isPrototypeOf"))) return false;
  let end: object | null | undefined = prototype;
  for (let i = 0; i <= depthOf(kind); i++) end = end === null || end === undefined ? undefined : prototypeOf(end);
  return end === null;
}

/** Returns the number of prototypes behind that of a kind. */
function depthOf(kind: ObjectKind): number {
  if (kind === "Object") return 0;
  return kind.endsWith("Array") && kind !== "Array" ? 2 : 1;
}

/** Returns the prototype, or undefined if only a proxy's trap could tell. */
export function prototypeOf(object: object): object | null | undefined {
  const prototype: object | null = Object.getPrototypeOf(object);
  return prototype !== null && isProxy(prototype) ? undefined : prototype;
}

/** Returns the name of the class whose prototype this is. */
function nameOf(prototype: object): string | undefined {
  const declared: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof declared !== "function" || isProxy(declared)) return undefined;
  const name: unknown = Object.getOwnPropertyDescriptor(declared, "name")?.value;
  const isItsPrototype = Object.getOwnPropertyDescriptor(declared, "prototype")?.value === prototype;
  return isItsPrototype && typeof name === "string" && name !== "" ? name : undefined;
}

/** Returns the name of an instance's class, for people. */
export function describeClass(object: object): string | undefined {
  const prototype = prototypeOf(object);
  if (prototype === null || prototype === undefined) return undefined;
  const tag: unknown = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value;
  return nameOf(prototype) ?? (typeof tag === "string" ? tag : undefined);
}

const VIEW_SLOTS = ["buffer", "byteOffset", "byteLength"] as const;
const typedSlots = VIEW_SLOTS.map((key) => getterOf(typedArrayPrototype, key));
const dataViewSlots = VIEW_SLOTS.map((key) => getterOf(DataView.prototype, key));
const typedLength = getterOf(typedArrayPrototype, "length");
const isResizable = getterOf(ArrayBuffer.prototype, "resizable");

/**
 * Returns the bytes of binary content through its internal slots; undefined if other threads can
 * change them, or they were transferred away.
 */
export function tryBytesOf(content: object, type: BinaryType): Uint8Array<ArrayBuffer> | undefined {
  const slots = type === "ArrayBuffer" ? [] : type === "DataView" ? dataViewSlots : typedSlots;
  try {
    const [buffer = content, start, length] = slots.map((slot) => slot(content)) as [object?, number?, number?];
    if (kindOf(buffer) !== "ArrayBuffer" || isResizable(buffer) === true) return undefined;
    return new Uint8Array(buffer as ArrayBuffer, start, length);
  } catch {
    // The memory was transferred to another owner.
    return undefined;
  }
}

/** Content with more elements than this is not listed one by one. */
const MAX_LISTED_ELEMENTS = 1000;

/** Finds a property that binary content has in addition to its elements. */
export function findExtraKey(content: object, type: BinaryType, bytes: Uint8Array): string | symbol | undefined {
  const length = type === "ArrayBuffer" || type === "DataView" ? 0 : (typedLength(content) as number);
  if (length > MAX_LISTED_ELEMENTS && equalsBareView(content, type, bytes, length)) return undefined;
  return Reflect.ownKeys(content)[length];
}

/**
 * Compares the content with a fresh view of the same memory, which has no further properties: this
 * inspects the memory and further properties alone, while listing the keys of a million elements
 * takes longer than hashing them.
 */
function equalsBareView(content: object, type: BinaryType, bytes: Uint8Array, length: number): boolean {
  const View: unknown = Reflect.get(globalThis, type);
  if (typeof View !== "function") return false;
  const bare: object = Reflect.construct(View, [bytes.buffer, bytes.byteOffset, length]);
  return nodeUtil()?.isDeepStrictEqual(content, Object.setPrototypeOf(bare, Object.getPrototypeOf(content))) === true;
}
