import { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import { hasExtraKeys, isGetter } from "../own-keys.ts";
import { viewProblem } from "../view-problem.ts";
import { checkBooleans, swapBytes, toRowOrder } from "./foreign-layout.ts";
import type { NpyArray } from "./npy-array.ts";
import { decodeNpyHeader, encodeNpyHeader, type NpyKind, npyKindOf } from "./npy-header.ts";

/** The most dimensions that every version of NumPy reads. */
const MAX_DIMENSIONS = 32;

/**
 * A typed array in C order with its shape, `[rows, columns]`. The empty shape is a single number.
 */
export interface ShapedArray<Data extends NpyArray = NpyArray> {
  readonly data: Data;
  readonly shape: readonly number[];
}

/** @throws {@link UnsupportedPayloadError} for anything but a typed array with a shape that fits */
export function checkShaped(format: string, payload: unknown, path: readonly string[]): asserts payload is ShapedArray {
  const refuse = (
    below: string[],
    what: string,
    suggestion = "Give { data, shape }, where the product of the shape is the length of the data.",
  ): never => {
    throw new UnsupportedPayloadError(format, [...path, ...below], what, suggestion);
  };
  if (Array.isArray(payload)) refuse([], "is a list", "Give a typed array: Float64Array.from(list).");
  if (typeof payload !== "object" || payload === null) return refuse([], "is not an object");
  const keys = Reflect.ownKeys(payload);
  if (keys.length !== 2 || !keys.includes("data") || !keys.includes("shape"))
    refuse([], "has not just the keys data and shape");
  for (const key of ["data", "shape"]) if (isGetter(payload, key)) refuse([key], "is a getter");
  if (Object.getPrototypeOf(payload) !== Object.prototype) refuse([], "is not a plain object");
  const { data, shape }: { data?: unknown; shape?: unknown } = payload;
  checkArray(format, data, [...path, "data"]);
  if (!isShape(shape)) return refuse(["shape"], "is not a list of whole numbers");
  if (shape.length > MAX_DIMENSIONS) refuse(["shape"], `has more than ${MAX_DIMENSIONS} dimensions`);
  if (sizeOf(shape) !== data.length)
    refuse(["shape"], `says ${sizeOf(shape)} numbers, and the data has ${data.length}`);
}

function isShape(shape: unknown): shape is readonly number[] {
  if (!Array.isArray(shape) || Object.getPrototypeOf(shape) !== Array.prototype || hasExtraKeys(shape)) return false;
  return shape.every((size) => Number.isSafeInteger(size) && size >= 0 && !Object.is(size, -0));
}

/**
 * @throws {@link UnsupportedPayloadError} for anything but a typed array that NumPy has a type for
 */
export function checkArray(format: string, data: unknown, path: readonly string[]): asserts data is NpyArray {
  kindOrRefuse(format, data, path);
}

function kindOrRefuse(format: string, data: unknown, path: readonly string[]): NpyKind {
  const kind = npyKindOf(data);
  const problem = kind !== undefined && ArrayBuffer.isView(data) ? viewProblem(data) : undefined;
  if (problem !== undefined) throw new UnsupportedPayloadError(format, path, ...problem);
  if (kind !== undefined) return kind;
  const name = ArrayBuffer.isView(data) ? `a ${data.constructor.name}` : "not a typed array";
  const isBuffer = name === "a Buffer";
  throw new UnsupportedPayloadError(
    format,
    path,
    `is ${name}`,
    isBuffer
      ? "Give new Uint8Array(buffer)."
      : "Use structured(), the default, or a typed array that NumPy has a type for.",
  );
}

/** Encodes a header, followed by the numbers as a view of their own memory. */
export function encodeNpy(data: NpyArray, shape: readonly number[]): readonly Uint8Array[] {
  return [
    encodeNpyHeader(kindOrRefuse("npy", data, []), shape),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ];
}

/**
 * Decodes a .npy file. The numbers are a view of its bytes, if they are aligned, little-endian and
 * in C order.
 */
export function decodeNpy(bytes: Uint8Array, limits: DecodeLimits): ShapedArray {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("npy", "maxBytes", limits.maxBytes);
  const { kind, shape, start, isFortran, isBigEndian, isBoolean } = decodeNpyHeader(bytes);
  const length = sizeOf(shape);
  if (bytes.length - start !== length * kind.sizeBytes)
    throw new DecodeError("npy", `they hold ${bytes.length - start} bytes for ${length} numbers of ${kind.sizeBytes}`);
  const numbers = isBigEndian ? swapBytes(bytes.subarray(start), kind.sizeBytes) : bytes.subarray(start);
  // A view must begin at a multiple of its element's size. In files of older writers, numbers may
  // not.
  const { buffer, byteOffset } = numbers.byteOffset % kind.sizeBytes === 0 ? numbers : new Uint8Array(numbers);
  const data = kind.create(buffer as ArrayBuffer, byteOffset, length);
  if (isBoolean) checkBooleans(data);
  return { data: isFortran ? toRowOrder(data, shape) : data, shape };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
