import { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { createBudget, decodedBytesAllowed } from "../decode-budget.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import type { DecodeLimits, FormatFor } from "../format.ts";
import { formatFor } from "../format-for.ts";
import { hasOddKeys, isGetter } from "../own-keys.ts";
import { readZipDirectory } from "./decode-zip-directory.ts";
import type { NpyArray } from "./npy-array.ts";
import { checkArray, checkShaped, decodeNpy, encodeNpy, type ShapedArray } from "./shaped-array.ts";
import { expandEntry, writeZip } from "./zip-files.ts";

/** Arrays by their names. Those of one dimension are typed arrays, all others have a shape. */
export type NpzPayload = Readonly<Record<string, NpyArray | ShapedArray>>;

/** Says whether the arrays are compressed, and which of them are read. */
export interface NpzOptions {
  /**
   * Compresses the arrays, as `np.savez_compressed` does: the file is smaller, writing is slower,
   * and loading copies. Default `false`.
   */
  readonly compressed?: boolean | undefined;
  /**
   * The names of the arrays that are read, and that a payload may have. All other files in the
   * archive are ignored, even if they are not arrays. By default every file is read.
   */
  readonly only?: readonly string[] | undefined;
}

/**
 * NumPy's archive of several arrays: a zip of `.npy` files. `np.load` reads it, and this format
 * reads the archives of `np.savez` and `np.savez_compressed`. Without compression, loading gives
 * views of the file's bytes. The same payload gives the same bytes.
 *
 * An array of one dimension is a typed array; an array of more dimensions, or of none, is
 * `{ data, shape }`. An archive holds up to 4 GiB.
 *
 * @throws {@link UnsupportedPayloadError} for arrays that NumPy does not have a type for, a shape
 * that does not fit, and a name that is not safe for a file
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { npz } from "persistable-ts/formats/npz";
 *
 * definePersistable({
 *   name: "training_set",
 *   generate: () => ({ x: { data: new Float32Array(6), shape: [3, 2] }, y: Int32Array.of(0, 1, 1) }),
 *   format: npz(),
 * });
 * // Python: np.load("….npz")["x"].shape == (3, 2)
 * ```
 */
export function npz(options: NpzOptions = {}): FormatFor<NpzPayload> {
  const { compressed = false } = options;
  const only = options.only === undefined ? undefined : new Set(options.only);
  return formatFor<NpzPayload>({
    id: "npz",
    extension: ".npz",
    inline: false,
    check: (payload) => checkNpz(payload, only),
    encode: (payload) => encodeNpz(payload, compressed),
    decode: (bytes, limits) => decodeNpz(bytes, limits, only),
  });
}

/** The most bytes that zip's 32-bit fields can count, less room for headers and the directory. */
const MAX_BYTES = 2 ** 32 - 2 ** 26;
const MAX_FILES = 65_534;
const MAX_NAME_UNITS = 1000;

function checkNpz(payload: NpzPayload, only: ReadonlySet<string> | undefined): void {
  const refuse = (path: string[], what: string, suggestion: string): never => {
    throw new UnsupportedPayloadError("npz", path, what, suggestion);
  };
  if (typeof payload !== "object" || payload === null || Object.getPrototypeOf(payload) !== Object.prototype)
    refuse([], "is not a plain object", "Give an object of arrays by their names.");
  const names = Object.keys(payload);
  if (hasOddKeys(payload, names.length)) refuse([], "has keys that are hidden, or symbols", "Use text keys.");
  if (names.length > MAX_FILES) refuse([], `has ${names.length} arrays`, `Give at most ${MAX_FILES}.`);
  let sizeBytes = 0;
  for (const name of names) {
    if (isGetter(payload, name)) refuse([name], "is a getter", "Give the array itself.");
    if (only?.has(name) === false)
      refuse([name], "is not one of those that npz({ only }) reads", "Add its name to only.");
    if (!isSafeName(name)) refuse([name], "has a name that is not safe for a file", "Use letters, digits and _.");
    sizeBytes += checkMember(payload[name], name);
  }
  if (sizeBytes > MAX_BYTES) refuse([], "takes more than 4 GiB", "Use structured(), or an npy() for each array.");
}

function checkMember(member: unknown, name: string): number {
  if (ArrayBuffer.isView(member) || typeof member !== "object" || member === null) {
    checkArray("npz", member, [name]);
    return member.byteLength;
  }
  checkShaped("npz", member, [name]);
  const { data, shape } = member;
  if (shape.length === 1)
    throw new UnsupportedPayloadError(
      "npz",
      [name, "shape"],
      "has one dimension",
      "Give the typed array itself: it comes back as one.",
    );
  return data.byteLength;
}

/**
 * Whether a file of that name stays inside the folder that the archive is unpacked in, on every
 * system.
 */
function isSafeName(name: string): boolean {
  if (name.length > MAX_NAME_UNITS || name === "__proto__" || !name.isWellFormed()) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters
  if (/[\u0000-\u001f\u007f\\:]/.test(name)) return false;
  return name === "" || name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

async function encodeNpz(payload: NpzPayload, compressed: boolean): Promise<readonly Uint8Array[]> {
  const files = Object.entries(payload).map(([name, member]) => {
    const { data, shape } = ArrayBuffer.isView(member) ? { data: member, shape: [member.length] } : member;
    return { name: `${name}.npy`, chunks: encodeNpy(data, shape) };
  });
  const written = await writeZip(files, { compressed });
  const sizeBytes = sum(files.flatMap(({ chunks }) => chunks));
  // An archive that decoding would refuse by the default limits is not written either.
  if (sizeBytes > decodedBytesAllowed(sum(written), defaultDecodeLimits))
    throw new UnsupportedPayloadError(
      "npz",
      [],
      `compresses more than ${defaultDecodeLimits.maxRatio} to 1`,
      "Use npz() without compression.",
    );
  return written;
}

function sum(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((total, { length }) => total + length, 0);
}

async function decodeNpz(
  bytes: Uint8Array,
  limits: DecodeLimits,
  only: ReadonlySet<string> | undefined,
): Promise<NpzPayload> {
  const all = readZipDirectory("npz", bytes);
  if (all.length > limits.maxNodes) throw new DecodeLimitError("npz", "maxNodes", limits.maxNodes);
  const entries = only === undefined ? all : all.filter(({ name }) => only.has(nameOf(name)));
  const budget = createBudget("npz", bytes.length, limits);
  for (const { sizeBytes } of entries) budget.take(sizeBytes);
  const payload: Record<string, NpyArray | ShapedArray> = {};
  for (const entry of entries) {
    const name = nameOf(entry.name);
    if (!entry.name.endsWith(EXTENSION) || !isSafeName(name))
      throw new DecodeError("npz", `they hold a file ${JSON.stringify(entry.name)}, which is not an array`);
    if (Object.hasOwn(payload, name)) throw new DecodeError("npz", `they hold ${JSON.stringify(name)} twice`);
    payload[name] = decodeMember(name, await expandEntry("npz", entry), limits);
  }
  return payload;
}

const EXTENSION = ".npy";

function nameOf(file: string): string {
  return file.slice(0, -EXTENSION.length);
}

function decodeMember(name: string, bytes: Uint8Array, limits: DecodeLimits): NpyArray | ShapedArray {
  try {
    const array = decodeNpy(bytes, limits);
    return array.shape.length === 1 ? array.data : array;
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new DecodeError(
      "npz",
      `the bytes of ${JSON.stringify(name)} are not an array (${cause.message}). Others can be read without it, by npz({ only: [their names] })`,
      { cause },
    );
  }
}
