import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { FormatFor } from "../format.ts";
import { formatFor } from "../format-for.ts";
import type { PayloadSource } from "../payload-source.ts";
import { notInMemory } from "./not-in-memory.ts";
import { ReplayedStream } from "./replayed-stream.ts";

/**
 * A stream of bytes: a download, a dump, or other data that is too big for memory. It is stored
 * while it is consumed, published only when it has ended, and then replayed as a stream. The
 * division into pieces is not kept.
 *
 * @example
 * ```ts
 * import { createReadStream, createWriteStream } from "node:fs";
 * import { pipeline } from "node:stream/promises";
 * import { createGunzip, createGzip } from "node:zlib";
 * import { definePersistable } from "persistable-ts";
 * import { byteStream } from "persistable-ts/formats/byte-stream";
 *
 * const dump = definePersistable({
 *   name: "dump",
 *   format: byteStream(),
 *   generate: () => createReadStream("dump.sql").pipe(createGzip()),
 * });
 * await pipeline(await dump().payload, createGunzip(), createWriteStream("copy.sql"));
 * ```
 */
export function byteStream(): FormatFor<AsyncIterable<Uint8Array>> {
  return formatFor<AsyncIterable<Uint8Array>>({
    id: "byte-stream",
    extension: ".bin",
    inline: false,
    ...notInMemory("byte-stream"),
    check(payload) {
      if (typeof Object(payload)[Symbol.asyncIterator] !== "function")
        throw new UnsupportedPayloadError("byte-stream", [], "is not a stream", "Use bytes() for bytes in memory.");
    },
    stored: {
      kind: "stream",
      write: expectBytes,
      open: (source) => new ReplayedStream(() => readAll(source)),
    },
  });
}

async function* expectBytes(payload: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const piece of payload) {
    if (!(piece instanceof Uint8Array))
      throw new UnsupportedPayloadError(
        "byte-stream",
        [count],
        `is ${typeof piece === "string" ? "text" : "not a Uint8Array"}`,
        "Encode it first, or use records() for a stream of values.",
      );
    count++;
    yield piece;
  }
}

async function* readAll(source: PayloadSource): AsyncGenerator<Uint8Array> {
  yield* source.stream();
}
