import { isProxy } from "../util/is-proxy.ts";
import { type BinaryType, isBinaryType } from "./binary-digest.ts";

/** What an object is by its internal slots, whatever it says of itself; `Object` for all without any. */
export type ObjectKind = "Object" | "Array" | "Map" | "Set" | "Date" | "RegExp" | "URL" | BinaryType | RefusedKind;
export type RefusedKind =
  | "SharedArrayBuffer"
  | "Promise"
  | "WeakCollection"
  | "Boxed"
  | "Error"
  | "Generator"
  | "External";

/** Of objects that are no proxy, of any realm. Calls none of the object's own code. */
export function kindOf(object: object): ObjectKind {
  if (Array.isArray(object)) return "Array";
  if (ArrayBuffer.isView(object)) return viewKind(object);
  const types = nodeUtil()?.types;
  const kind = types === undefined ? kindByBrand(object) : kindByNode(object, types);
  if (kind !== undefined) return kind;
  // Asked of its own prototype alone: a getter that throws costs microseconds.
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
  // Deno has no such objects, and no such function.
  return types.isExternal?.(object) === true ? "External" : undefined;
}

type Brand = (object: object) => unknown;

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const urlBrand = getterOf(URL.prototype, "href");
const viewTag = getterOf(typedArrayPrototype, Symbol.toStringTag);

/** Without Node: a built-in's own method or getter throws for every object that lacks its internal slot. */
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

/** Whether an object has the prototype of its kind itself, in any realm, and not that of a class derived from it. */
export function hasPlainPrototype(object: object, kind: ObjectKind): boolean {
  const prototype = prototypeOf(object);
  if (prototype === null) return kind === "Object";
  if (prototype === undefined) return false;
  if (isPrototypeOfKind(prototype, kind)) return true;
  // Node's Buffer is a Uint8Array with other methods.
  return kind === "Uint8Array" && nameOf(prototype) === "Buffer" && hasPlainPrototype(prototype, kind);
}

function isPrototypeOfKind(prototype: object, kind: ObjectKind): boolean {
  const own = (globalThis as { readonly [name: string]: unknown })[kind];
  if (typeof own === "function" && own.prototype === prototype) return true;
  // The same in another realm: a constructor of that name, and as many prototypes behind it.
  if (nameOf(prototype) !== kind || (kind === "Object" && !Object.hasOwn(prototype, "isPrototypeOf"))) return false;
  let end: object | null | undefined = prototype;
  for (let i = 0; i <= depthOf(kind); i++) end = end === null || end === undefined ? undefined : prototypeOf(end);
  return end === null;
}

/** How many prototypes follow that of a kind. */
function depthOf(kind: ObjectKind): number {
  if (kind === "Object") return 0;
  return kind.endsWith("Array") && kind !== "Array" ? 2 : 1;
}

/** Undefined where only a trap could tell. */
export function prototypeOf(object: object): object | null | undefined {
  const prototype = Object.getPrototypeOf(object) as object | null;
  return prototype !== null && isProxy(prototype) ? undefined : prototype;
}

/** The name of the class whose prototype this is. */
function nameOf(prototype: object): string | undefined {
  const declared: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof declared !== "function" || isProxy(declared)) return undefined;
  const name: unknown = Object.getOwnPropertyDescriptor(declared, "name")?.value;
  const isItsPrototype = Object.getOwnPropertyDescriptor(declared, "prototype")?.value === prototype;
  return isItsPrototype && typeof name === "string" && name !== "" ? name : undefined;
}

/** The class of an instance, for people. */
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

/** The bytes behind binary content, by its internal slots; undefined where others can change them, or they are gone. */
export function tryBytesOf(content: object, type: BinaryType): Uint8Array<ArrayBuffer> | undefined {
  const slots = type === "ArrayBuffer" ? [] : type === "DataView" ? dataViewSlots : typedSlots;
  try {
    const [buffer = content, start, length] = slots.map((slot) => slot(content)) as [object?, number?, number?];
    if (kindOf(buffer) !== "ArrayBuffer" || isResizable(buffer) === true) return undefined;
    return new Uint8Array(buffer as ArrayBuffer, start, length);
  } catch {
    // Its memory was transferred to somebody else.
    return undefined;
  }
}

/** More elements than this are not listed one by one. */
const MAX_LISTED_ELEMENTS = 1000;

/** A property that binary content has beside its elements. */
export function findExtraKey(content: object, type: BinaryType, bytes: Uint8Array): string | symbol | undefined {
  const length = type === "ArrayBuffer" || type === "DataView" ? 0 : (typedLength(content) as number);
  if (length > MAX_LISTED_ELEMENTS && equalsBareView(content, type, bytes, length)) return undefined;
  return Reflect.ownKeys(content)[length];
}

/**
 * Listing the keys of a million elements takes longer than hashing them. A comparison with another view of the same memory,
 * which has nothing else, looks at the memory and at further properties alone.
 */
function equalsBareView(content: object, type: BinaryType, bytes: Uint8Array, length: number): boolean {
  const View = (globalThis as { readonly [name: string]: unknown })[type];
  if (typeof View !== "function") return false;
  const bare: object = Reflect.construct(View, [bytes.buffer, bytes.byteOffset, length]);
  return nodeUtil()?.isDeepStrictEqual(content, Object.setPrototypeOf(bare, Object.getPrototypeOf(content))) === true;
}
