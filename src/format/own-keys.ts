type Inspect = typeof import("node:util").inspect;

/**
 * The length from which on `inspect` prints an array to find keys of its own: a list of its keys
 * takes more time and memory than the array. This depends on how Node prints, in two ways that
 * decisions/0016-keys-of-long-arrays.md states.
 */
const MANY_ELEMENTS = 64;

const OPTIONS = { maxArrayLength: 0, depth: 0, showHidden: true, customInspect: false, breakLength: Infinity } as const;

const findGetter = (Object.prototype as { __lookupGetter__?: (key: string | number) => unknown }).__lookupGetter__;

/**
 * Whether reading an own property would run code. This is ten times as fast as to ask for the
 * property's descriptor.
 */
export function isGetter(object: object, key: string | number): boolean {
  if (findGetter !== undefined) return findGetter.call(object, key) !== undefined;
  return Object.getOwnPropertyDescriptor(object, key)?.get !== undefined;
}

/** Whether a property that reads as `undefined` has only a setter. */
export function isSetter(object: object, key: string | number): boolean {
  return Object.getOwnPropertyDescriptor(object, key)?.set !== undefined;
}

/**
 * Whether a plain object has hidden keys or symbols as keys. To make two lists of keys takes a
 * third of the time of one list of all keys.
 */
export function hasOddKeys(object: object, keyCount: number): boolean {
  return Object.getOwnPropertyNames(object).length !== keyCount || Object.getOwnPropertySymbols(object).length > 0;
}

/**
 * Whether an array or a view has own keys besides its elements and `length`. A short array with
 * holes counts as one.
 */
export function hasExtraKeys(array: readonly unknown[] | ArrayBufferView): boolean {
  const length = lengthOf(array) ?? 0;
  if (ArrayBuffer.isView(array)) {
    if (length < MANY_ELEMENTS) return Reflect.ownKeys(array).length !== length;
    return inspect()(array, OPTIONS) !== inspect()(bareCopy(array), OPTIONS);
  }
  if (length < MANY_ELEMENTS) return Reflect.ownKeys(array).length !== length + 1;
  return withoutNumbers(inspect()(array, OPTIONS)) !== bareArray();
}

/** Returns the number of elements; a DataView has none. */
export function lengthOf(array: object): number | undefined {
  const { length }: { length?: number } = array;
  return length;
}

/** Reads a property of an object of any kind. */
export function propertyOf(object: object, key: string | number): unknown {
  return (object as Readonly<Record<string | number, unknown>>)[key];
}

/** Returns another view of the same bytes, without keys of its own. */
function bareCopy(view: ArrayBufferView): ArrayBufferView {
  const length = lengthOf(view);
  if (typeof Buffer !== "undefined" && view instanceof Buffer) return Buffer.from(view.buffer, view.byteOffset, length);
  const View: new (buffer: ArrayBufferLike, offset: number, length?: number) => ArrayBufferView =
    Object.getPrototypeOf(view).constructor;
  return new View(view.buffer, view.byteOffset, length);
}

let bare: string | undefined;

function bareArray(): string {
  bare ??= withoutNumbers(inspect()(new Array(MANY_ELEMENTS), OPTIONS));
  return bare;
}

function withoutNumbers(text: string): string {
  return text.replace(/\d+/g, "0");
}

function inspect(): Inspect {
  return process.getBuiltinModule("node:util").inspect;
}
