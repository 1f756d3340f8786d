import { UnsupportedValueError } from "../errors/params-errors.ts";

/** Whether an object is one of `{}` in any realm, or has no prototype. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  // Another realm's Object.prototype: the end of the chain, with a constructor of that name.
  return (
    typeof prototype === "object" &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf") &&
    Object.hasOwn(prototype, "constructor")
  );
}

/** The `Array`, `Map`, `Date`, … that an object is by its internal slots, of any realm; `Object` for anything else. */
export function kindOf(value: object): string {
  if (Array.isArray(value)) return "Array";
  const types = globalThis.process?.getBuiltinModule?.("node:util")?.types;
  if (types !== undefined) return kindByNode(value, types);
  return Object.prototype.toString.call(value).slice(8, -1);
}

function kindByNode(value: object, types: typeof import("node:util").types): string {
  if (types.isDate(value)) return "Date";
  if (types.isMap(value)) return "Map";
  if (types.isSet(value)) return "Set";
  if (types.isRegExp(value)) return "RegExp";
  if (ArrayBuffer.isView(value)) return types.isDataView(value) ? "DataView" : (viewName(value) ?? "Object");
  if (types.isArrayBuffer(value)) return "ArrayBuffer";
  if (types.isSharedArrayBuffer(value)) return "SharedArrayBuffer";
  if (types.isPromise(value)) return "Promise";
  if (types.isWeakMap(value) || types.isWeakSet(value)) return "WeakCollection";
  if (types.isBoxedPrimitive(value)) return "Boxed";
  if (types.isNativeError(value)) return "Error";
  if (types.isGeneratorObject(value)) return "Generator";
  if (value instanceof URL) return "URL";
  return "Object";
}

// The getter of %TypedArray%.prototype reads the internal slot, whatever the object says of itself.
const viewTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get;

function viewName(value: ArrayBufferView): string | undefined {
  return viewTag?.call(value) as string | undefined;
}

/** The own data properties of a plain object by key, in code-unit order. */
export function sortedKeys(value: object, pathOf: () => string): string[] {
  const keys = Reflect.ownKeys(value);
  for (const key of keys) {
    if (typeof key === "symbol")
      throw new UnsupportedValueError(pathOf(), `an object with a symbol key, ${String(key)}`, "Use text keys.");
  }
  return (keys as string[]).sort();
}

/** The value of an own property; getters are never called. */
export function dataProperty(value: object, key: string, pathOf: () => string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(value, key);
  if (descriptor === undefined || !("value" in descriptor)) {
    throw new UnsupportedValueError(
      pathOf(),
      "a getter or setter",
      "Give the value itself: what a getter gives may differ each time.",
    );
  }
  if (descriptor.enumerable !== true)
    throw new UnsupportedValueError(
      pathOf(),
      "a hidden (non-enumerable) property",
      "Make it enumerable, or leave it out.",
    );
  return descriptor.value;
}
