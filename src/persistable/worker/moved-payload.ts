import { encodePayload } from "../../format/encode-payload.ts";
import type { Format } from "../../format/format.ts";

/** A payload on its way from a worker thread. */
export type MovedPayload =
  /** The payload itself, by structured clone. */
  | { readonly kind: "cloned"; readonly payload: unknown }
  /**
   * The bytes of its format, if structured clone would change a part: an instance, a Buffer, a
   * getter.
   */
  | { readonly kind: "encoded"; readonly encoded: readonly Uint8Array[]; readonly formatId: string };

/** A payload that is ready to be posted. */
export interface PayloadMove {
  readonly moved: MovedPayload;
  /** The buffers that are moved instead of copied. */
  readonly transfer: readonly ArrayBuffer[];
}

/**
 * Prepares a payload for another thread.
 *
 * @throws {@link UnsupportedPayloadError} if it must be encoded and its format cannot hold it
 */
export async function movePayload(payload: unknown, format: Format): Promise<PayloadMove> {
  const buffers = collectBuffers(payload);
  if (buffers !== undefined) return { moved: { kind: "cloned", payload }, transfer: [...buffers] };
  const encoded = await encodePayload(format, payload);
  const own = encoded.map((segment) => (isWhole(segment) ? segment : segment.slice()));
  const transfer = new Set(own.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer));
  return { moved: { kind: "encoded", encoded: own, formatId: format.id }, transfer: [...transfer] };
}

/**
 * Returns the buffers of a payload; `undefined` if structured clone would not reproduce it exactly.
 */
function collectBuffers(payload: unknown): ReadonlySet<ArrayBuffer> | undefined {
  const buffers = new Set<ArrayBuffer>();
  const seen = new Set<object>();
  const left: unknown[] = [payload];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "function" || typeof value === "symbol") return undefined;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (!addParts(value, left, buffers)) return undefined;
  }
  return buffers;
}

function addParts(value: object, left: unknown[], buffers: Set<ArrayBuffer>): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype || prototype === Object.prototype) return addFields(value, left);
  if (value instanceof Map && prototype === Map.prototype) {
    for (const [key, item] of value) left.push(key, item);
    return hasNoFields(value);
  }
  if (value instanceof Set && prototype === Set.prototype) {
    for (const item of value) left.push(item);
    return hasNoFields(value);
  }
  if (prototype === Date.prototype) return hasNoFields(value);
  if (ArrayBuffer.isView(value)) {
    if (!PLAIN_VIEWS.has(prototype) || !isWhole(value)) return false;
    return addBuffer(value.buffer, buffers);
  }
  return prototype === ArrayBuffer.prototype && hasNoFields(value) && addBuffer(value, buffers);
}

function addBuffer(buffer: object, buffers: Set<ArrayBuffer>): boolean {
  if (!(buffer instanceof ArrayBuffer) || isResizable(buffer)) return false;
  assertAttached(buffer);
  buffers.add(buffer);
  return true;
}

/**
 * Refuses a buffer that was moved before: posting it would not fail on every version of Node, and
 * the payload would be lost.
 */
function assertAttached(buffer: ArrayBuffer): void {
  if (buffer.byteLength > 0) return;
  try {
    new Uint8Array(buffer);
  } catch (cause) {
    throw new TypeError(
      "The generator returned an array whose memory has been moved already, with an earlier payload of this worker thread. Where it keeps an array, let it return a copy.",
      { cause },
    );
  }
}

function addFields(value: object, left: unknown[]): boolean {
  if (Array.isArray(value) && value.every(isPrimitive)) return Object.keys(value).length === value.length;
  for (const key of Reflect.ownKeys(value)) {
    if (key === "length" && Array.isArray(value)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    // Getters, hidden properties and symbols are left to the format, which accepts or refuses them.
    if (typeof key === "symbol" || descriptor?.enumerable !== true || !("value" in descriptor)) return false;
    left.push(descriptor.value);
  }
  return true;
}

function isPrimitive(value: unknown): boolean {
  return (typeof value !== "object" || value === null) && typeof value !== "function" && typeof value !== "symbol";
}

function hasNoFields(value: object): boolean {
  return Reflect.ownKeys(value).length === 0;
}

/**
 * Tells whether a view covers all of its buffer. Only then may the buffer be moved: other code may
 * use the rest of it, as with the pool from which Node makes its Buffers.
 */
function isWhole(view: ArrayBufferView): boolean {
  const { buffer } = view;
  return buffer instanceof ArrayBuffer && !isResizable(buffer) && view.byteLength === buffer.byteLength;
}

function isResizable(buffer: object): boolean {
  return "resizable" in buffer && buffer.resizable === true;
}

const PLAIN_VIEWS = new Set<unknown>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ].map(({ prototype }) => prototype),
);
