import { type ClassCodec, findCodec } from "../util/class-codec.ts";
import { isProxy } from "../util/is-proxy.ts";
import { wrapperKind } from "../util/wrapper-kind.ts";
import { BinaryDigest, type BinaryType, isBinaryType, portableBytes } from "./binary-digest.ts";
import { EncodedInstance } from "./encoded-instance.ts";
import {
  describeClass,
  findExtraKey,
  hasPlainPrototype,
  kindOf,
  type ObjectKind,
  prototypeOf,
  type RefusedKind,
  tryBytesOf,
} from "./inspect-object.ts";

/** Stands for an element that an array does not have. */
export const HOLE: unique symbol = Symbol("hole");

/** The parts of an object, read once: later changes by its owner or a codec have no effect. */
export type ObjectContent =
  | { readonly kind: "array"; readonly items: readonly unknown[] }
  | { readonly kind: "object"; readonly keys: readonly string[]; readonly values: readonly unknown[] }
  | { readonly kind: "map"; readonly keys: readonly unknown[]; readonly values: readonly unknown[] }
  | { readonly kind: "set"; readonly items: readonly unknown[] }
  | { readonly kind: "date"; readonly timeMs: number }
  | { readonly kind: "regexp"; readonly source: string; readonly flags: string }
  | { readonly kind: "url"; readonly href: string }
  | { readonly kind: "binary"; readonly type: BinaryType; readonly bytes: Uint8Array }
  | { readonly kind: "digest"; readonly digest: BinaryDigest }
  | { readonly kind: "instance"; readonly name: string; readonly encoded: unknown };

/**
 * Throws for a value that cannot be represented; `key` leads from the object being read to the part
 * at fault.
 */
export type Refuse = (what: string, remedy: string, key?: string | number, cause?: unknown) => never;

/**
 * The most elements of an array: this many numbers exceed the limit of canonical bytes. Without a
 * limit, a text of ten characters could ask for an array with billions of holes.
 */
const MAX_ELEMENTS = 2 ** 27;

/**
 * Reads the parts of an object. It calls no code of the object except a declared codec, and refuses
 * whatever would be lost or guessed.
 */
export function readObject(object: object, classes: readonly ClassCodec[], refuse: Refuse): ObjectContent {
  if (isProxy(object)) refuse("a proxy", "Give the plain object behind it.");
  const kind = kindOf(object);
  if (kind in REFUSED || !hasPlainPrototype(object, kind)) return readInstance(object, kind, classes, refuse);
  switch (kind) {
    case "Object":
      return readPlain(object, refuse);
    case "Array":
      return readArray(object as readonly unknown[], refuse);
    case "Map":
      assertBare(object, kind, refuse);
      return {
        kind: "map",
        keys: [...Map.prototype.keys.call(object)],
        values: [...Map.prototype.values.call(object)],
      };
    case "Set":
      assertBare(object, kind, refuse);
      return { kind: "set", items: [...Set.prototype.values.call(object)] };
    case "Date":
      assertBare(object, kind, refuse);
      return { kind: "date", timeMs: Date.prototype.getTime.call(object) };
    case "URL":
      assertBare(object, kind, refuse);
      return { kind: "url", href: (object as URL).href };
    case "RegExp":
      return readRegExp(object as RegExp, refuse);
    default:
      if (!isBinaryType(kind)) throw new Error(`no reader for ${kind}`);
      return readBinary(object, kind, refuse);
  }
}

function readPlain(object: object, refuse: Refuse): ObjectContent {
  const keys: string[] = [];
  const values = Reflect.ownKeys(object).map((key) => {
    if (typeof key === "symbol") return refuse(`an object with a symbol key, ${String(key)}`, "Use text keys.");
    keys.push(key);
    return readProperty(object, key, key, refuse);
  });
  return { kind: "object", keys, values };
}

function readArray(array: readonly unknown[], refuse: Refuse): ObjectContent {
  const { length } = array;
  if (length > MAX_ELEMENTS) refuse(`an array of ${length} elements`, "Give a typed array, or a dependency.");
  const keys = Reflect.ownKeys(array);
  const items: unknown[] = new Array(length).fill(HOLE);
  for (const key of keys) {
    if (key === "length") continue;
    if (!isIndex(key, length)) {
      refuse(`an array with a key of its own, ${String(key)}`, "Use an object beside the array.");
    }
    items[Number(key)] = readProperty(array, key, Number(key), refuse);
  }
  return { kind: "array", items };
}

function isIndex(key: string | symbol, length: number): key is string {
  if (typeof key === "symbol") return false;
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index < length && String(index) === key;
}

/** Returns the value of an own property. Getters are never called. */
function readProperty(object: object, key: string, step: string | number, refuse: Refuse): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined || !("value" in descriptor)) {
    return refuse("a getter or setter", "Give the value itself: what a getter gives may differ each time.", step);
  }
  if (descriptor.enumerable !== true) {
    return refuse("a hidden (non-enumerable) property", "Make it enumerable, or leave it out.", step);
  }
  return descriptor.value;
}

function readRegExp(regExp: RegExp, refuse: Refuse): ObjectContent {
  if (regExp.lastIndex !== 0) refuse("a regular expression in use", "Give a fresh one, whose lastIndex is 0.");
  assertBare(regExp, "RegExp", refuse, "lastIndex");
  return { kind: "regexp", source: regExp.source, flags: regExp.flags };
}

function readBinary(content: object, type: BinaryType, refuse: Refuse): ObjectContent {
  const bytes = tryBytesOf(content, type);
  if (bytes === undefined) {
    return refuse("memory that others can change (shared, resizable or transferred)", "Give a copy: view.slice().");
  }
  const extra = findExtraKey(content, type, bytes);
  if (extra !== undefined) refuseExtra(type, extra, refuse);
  return { kind: "binary", type, bytes: portableBytes(type, bytes) };
}

function assertBare(object: object, name: string, refuse: Refuse, expected?: string): void {
  const extra = Reflect.ownKeys(object).find((key) => key !== expected);
  if (extra !== undefined) refuseExtra(name, extra, refuse);
}

function refuseExtra(name: string, key: string | symbol, refuse: Refuse): never {
  return refuse(`a ${name} with a property of its own, ${String(key)}`, "Use an object beside it.");
}

function readInstance(object: object, kind: ObjectKind, classes: readonly ClassCodec[], refuse: Refuse): ObjectContent {
  if (BinaryDigest.is(object)) return { kind: "digest", digest: object };
  if (EncodedInstance.is(object)) return { kind: "instance", name: object.className, encoded: object.value };
  const codec = prototypeOf(object) === undefined ? undefined : findCodec(classes, object);
  if (codec === undefined) return refuseInstance(object, kind, refuse);
  const { name } = codec;
  if (classes.some((other) => other.name === name && other.class !== codec.class)) {
    refuse(`an instance of ${name}, and two classes are declared under this name`, 'Give one another: { name: "…" }.');
  }
  try {
    return { kind: "instance", name, encoded: codec.encode(object) };
  } catch (cause) {
    return refuse(`an instance of ${name}, which its encode fails for`, "See the cause.", undefined, cause);
  }
}

const REFUSED: Readonly<Record<RefusedKind, readonly [what: string, remedy: string]>> = {
  SharedArrayBuffer: ["memory that others can change (shared)", "Give a copy: new Uint8Array(shared).slice()."],
  Promise: ["a promise", "Await it first."],
  WeakCollection: ["a weak collection", "Give a Map or a Set."],
  Boxed: ["a boxed primitive", "Give the primitive itself."],
  Error: ["an error", "Give its message."],
  Generator: ["a generator", "Give its values: [...generator]."],
  External: ["an object of native code", "Give a plain value."],
};

function refuseInstance(object: object, kind: ObjectKind, refuse: Refuse): never {
  const wrapper = wrapperOf(object);
  if (wrapper !== undefined) {
    const what = wrapper === "secret" ? "a secret inside a value" : "an untracked value inside a value";
    refuse(what, `Wrap the whole parameter: ${String(wrapper)}(…) is for the top level of params.`);
  }
  if (kind in REFUSED) {
    const [what, remedy] = REFUSED[kind as RefusedKind];
    refuse(what, remedy);
  }
  const name = describeClass(object);
  if (name === undefined) refuse("an instance of a class without a name", "Give a plain value.");
  return refuse(
    `an instance of ${name}`,
    `Declare how it is encoded: classes: [defineClass(${name}, { encode: (instance) => …, decode: (encoded) => … })], or give a plain value.`,
  );
}

function wrapperOf(object: object): unknown {
  const prototype = prototypeOf(object);
  if (prototype === null || prototype === undefined) return undefined;
  return Object.getOwnPropertyDescriptor(prototype, wrapperKind)?.value;
}
