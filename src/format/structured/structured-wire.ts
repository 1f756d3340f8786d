export type V8 = typeof import("node:v8");
export type Serializer = InstanceType<V8["Serializer"]>;
export type Deserializer = InstanceType<V8["Deserializer"]>;

let loaded: V8 | undefined;

/** Loads Node's module for serialization at its first use. */
export function v8(): V8 {
  loaded ??= globalThis.process?.getBuiltinModule?.("node:v8");
  if (loaded === undefined)
    throw new Error("The format structured needs Node's v8 module, which this runtime does not offer.");
  return loaded;
}

/** `PST`, and the version of this envelope. */
export const MAGIC = Uint8Array.of(0x50, 0x53, 0x54, 1);
/**
 * The size of the head: the magic, and then three unsigned 32-bit little-endian numbers. They are
 * the size in bytes of the part that V8 wrote, the number of segments, and zero.
 */
export const HEAD_BYTES = 16;
/** Buffers begin at multiples of this many bytes, so that typed arrays can be views of them. */
const ALIGNMENT = 64;

/** Returns how many bytes of padding a buffer needs that would begin at this offset. */
export function paddingAt(offset: number): number {
  return (ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT;
}

/** The kinds of views, by their numbers in the file. Only append to them. */
export const VIEW_KINDS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
  "Buffer",
  "ArrayBuffer",
  "Float16Array",
] as const;

/** The number that stands for a whole buffer instead of a view. */
export const WHOLE_BUFFER = VIEW_KINDS.indexOf("ArrayBuffer");

/** Written instead of the kind of a view: it says that the number of an instance follows. */
export const INSTANCE = 255;

/**
 * These numbers say where the bytes of a buffer are. One of them is written at the first reference
 * to the buffer. Payloads hold them, so only append to them.
 */
export const OUTSIDE = 0;
export const OUTSIDE_WHOLE = 1;
export const INLINE = 2;
