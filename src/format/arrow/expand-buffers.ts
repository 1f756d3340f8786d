import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError } from "../../errors/format-errors.ts";
import type { Budget } from "../decode-budget.ts";
import { expandLz4Frames } from "../lz4.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { loadExpandZstd } from "../zstd.ts";

/** Arrow's numbers of its compressions. */
const LZ4_FRAME = 0;
const ZSTD = 1;
/** The size of a buffer's length, which stands before its compressed bytes. */
const LENGTH_BYTES = 8;
/** The length of a buffer that is not compressed, since that would not make it smaller. */
const NOT_COMPRESSED = -1;

type Expand = (bytes: Uint8Array, sizeBytes: number) => Uint8Array;

/**
 * Decompresses the buffers of a column.
 *
 * @param codec - the number of the compression; `undefined` for buffers that are not compressed
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 * @throws {@link CompressionUnavailableError} for zstd, where neither Node nor WebAssembly has it
 */
export async function expandBuffers(
  buffers: readonly Uint8Array[],
  codec: number | undefined,
  budget: Budget,
): Promise<readonly Uint8Array[]> {
  if (codec === undefined) return buffers;
  const expand = await loadExpand(codec);
  return buffers.map((bytes) => (bytes.length === 0 ? bytes : expandBuffer(bytes, expand, budget)));
}

function expandBuffer(bytes: Uint8Array, expand: Expand, budget: Budget): Uint8Array {
  if (bytes.length < LENGTH_BYTES) fail("a compressed buffer is cut off");
  const sizeBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
  const rest = bytes.subarray(LENGTH_BYTES);
  if (sizeBytes === NOT_COMPRESSED) return rest;
  if (!(sizeBytes >= 0)) fail("a compressed buffer says no size");
  if (sizeBytes === 0) return new Uint8Array(0);
  budget.take(sizeBytes);
  try {
    const expanded = expand(rest, sizeBytes);
    if (expanded.length !== sizeBytes) fail("a compressed buffer has another size than it says");
    // The result must not be a Buffer, whose `slice` would return a view instead of a copy.
    return new Uint8Array(expanded.buffer, expanded.byteOffset, expanded.length);
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    throw new DecodeError("arrow", `a compressed buffer is damaged (${messageOf(cause)})`, { cause });
  }
}

async function loadExpand(codec: number): Promise<Expand> {
  if (codec === LZ4_FRAME) return expandLz4Frames;
  if (codec !== ZSTD) return fail(`their buffers are compressed by codec ${codec}, which is not read`);
  const expandZstd = await loadExpandZstd();
  return (bytes, maxOutputLength) => expandZstd(bytes, { maxOutputLength });
}

function fail(problem: string): never {
  throw new DecodeError("arrow", problem);
}
