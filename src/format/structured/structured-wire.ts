export type V8 = typeof import("node:v8");
export type Serializer = InstanceType<V8["Serializer"]>;
export type Deserializer = InstanceType<V8["Deserializer"]>;

let loaded: V8 | undefined;

/** Node's serialization, asked for when it is needed. */
export function v8(): V8 {
  loaded ??= globalThis.process?.getBuiltinModule?.("node:v8");
  if (loaded === undefined)
    throw new Error("The format structured needs Node's v8 module, which this runtime does not offer.");
  return loaded;
}

/** `PST` and the version of this envelope. */
export const MAGIC = Uint8Array.of(0x50, 0x53, 0x54, 1);
/** Magic, then as unsigned 32-bit little-endian: bytes of the v8 part, number of segments, zero. */
export const HEAD_BYTES = 16;
/** Buffers begin at multiples of this, so that typed arrays may lie on them as they are. */
const ALIGNMENT = 64;

/** How many bytes to leave out before a buffer that would begin here. */
export function paddingAt(offset: number): number {
  return (ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT;
}

/** Kinds of views, by their number on the wire: only ever append. */
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

/** The kind of a whole buffer among those of views. */
export const WHOLE_BUFFER = VIEW_KINDS.indexOf("ArrayBuffer");

/** In the place of a kind of view: the number of an instance follows. */
export const INSTANCE = 255;

/** Where the bytes of a buffer lie, said where it is first referred to: only ever append. */
export const OUTSIDE = 0;
export const OUTSIDE_WHOLE = 1;
export const INLINE = 2;
