export type V8 = typeof import("node:v8");

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
/** What stands in the place of a kind of view where an instance follows. */
export const INSTANCE = 255;
/** Buffers begin at multiples of this, so that typed arrays may lie on them as they are. */
const ALIGNMENT = 64;

/** How many bytes to leave out before a buffer that would begin here. */
export function paddingAt(offset: number): number {
  return (ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT;
}
