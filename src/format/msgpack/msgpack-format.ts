import type { Packr } from "msgpackr";
import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { loadMessagePack } from "../../util/peers/peers.ts";
import type { DecodeLimits, UniversalFormat } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { checkMsgpack } from "./check-msgpack.ts";
import { walkMsgpack } from "./measure-msgpack.ts";

/**
 * MessagePack, binary and compact, for other tools and languages. It is plain MessagePack: the only
 * extension in use is the timestamp.
 *
 * The format holds everything that JSON holds, and also `NaN`, infinities, bigints of 64 bits,
 * `Date` and `Uint8Array`. It refuses values that would not come back as they were: `undefined`,
 * `-0`, `Map`, `Set`, other typed arrays, instances of classes, and an object that stands in two
 * places.
 *
 * In files of other writers, a 64-bit integer is read as a bigint, a timestamp is cut off to the
 * millisecond, and the keys of maps must be texts.
 *
 * Needs the package `msgpackr`.
 *
 * @throws {@link MissingPeerError} at the first use, if `msgpackr` is not installed
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { msgpack } from "persistable-ts/formats/msgpack";
 *
 * definePersistable({
 *   name: "tracks",
 *   generate: () => [{ id: 1n, at: new Date(), points: [[1.5, 2]] }],
 *   format: msgpack(),
 * });
 * ```
 */
export function msgpack(): UniversalFormat {
  let loading: Promise<Packr> | undefined;
  const loadPackr = (): Promise<Packr> => {
    loading ??= createPackr().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return {
    id: "msgpack",
    extension: ".msgpack",
    inline: "base64",
    check: checkMsgpack,
    encode: async (payload) => encodeMsgpack(await loadPackr(), payload),
    decode: async <Payload>(bytes: Uint8Array, limits: DecodeLimits) => {
      const packr = await loadPackr();
      return decodeMsgpack(packr, bytes, limits) as Payload;
    },
  };
}

async function createPackr(): Promise<Packr> {
  const { Packr: Create } = await loadMessagePack();
  return new Create({
    // Only msgpackr reads the extension that it uses for records.
    useRecords: false,
    mapsAsObjects: true,
    // Without this, msgpackr throws for an object of more than 65,535 keys.
    variableMapSize: true,
    // A key with the name toJSON is data.
    useToJSON: false,
    int64AsType: "bigint",
  });
}

/** From this size on, msgpackr's buffer is handed to the payload and not used for the next one. */
const KEPT_BUFFER_BYTES = 1024 * 1024;

function encodeMsgpack(packr: Packr, payload: unknown): readonly Uint8Array[] {
  let bytes: Uint8Array;
  try {
    bytes = packr.pack(payload);
  } catch (error) {
    if (!messageOf(error).includes("maximum buffer size")) throw error;
    throw new UnsupportedPayloadError("msgpack", [], "takes more than 4 GiB", "Use structured(), or npy().");
  }
  if (bytes.buffer.byteLength > KEPT_BUFFER_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(8192));
  return [bytes];
}

function decodeMsgpack(packr: Packr, bytes: Uint8Array, limits: DecodeLimits): unknown {
  const walked = walkMsgpack(bytes, limits);
  // A plain Uint8Array, since msgpackr would return Buffers as views of a Buffer.
  const plain = new Uint8Array(walked.buffer, walked.byteOffset, walked.byteLength);
  try {
    return packr.unpack(plain);
  } catch (cause) {
    if (isOutOfResources(cause)) throw cause;
    throw new DecodeError("msgpack", messageOf(cause), { cause });
  }
}
