import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { DecodeLimits, Format } from "../format.ts";
import type { PayloadSource } from "../payload-source.ts";
import { notInMemory } from "../stored/not-in-memory.ts";
import { ReplayedStream } from "../stored/replayed-stream.ts";
import { decodeJsonLines, encodeJsonLines } from "./stream-json-lines.ts";

/** Serves as a `Format` of streams of records. */
export interface RecordsFormat<Item> extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: AsyncIterable<Item>): void | Promise<void>;
  encode(payload: AsyncIterable<Item>): readonly Uint8Array[];
  decode<Payload extends AsyncIterable<Item>>(bytes: Uint8Array, limits: DecodeLimits): Payload;
  readonly stored: {
    readonly kind: "stream";
    write(payload: AsyncIterable<Item>): AsyncIterable<Uint8Array>;
    open<Payload extends AsyncIterable<Item>>(source: PayloadSource, limits: DecodeLimits): Payload | Promise<Payload>;
  };
}

/**
 * A stream of records, one line of JSON each: rows of a crawl, events of a simulation, tokens of a model. The stream is stored while it is consumed, published only when it
 * has ended, and then replayed as a stream, as often as one likes; of all of it only some lines are in memory. A stream that fails leaves nothing behind.
 *
 * Refuses values that JSON would change (`undefined`, `NaN`, dates, …), with the number of the record in the path of the error.
 *
 * @example
 * ```ts
 * const pages = definePersistable({
 *   name: "pages",
 *   format: records(),
 *   generate: async function* () {
 *     for (const url of urls) yield { url, text: await fetchText(url) };
 *   },
 * });
 * for await (const { url, text } of await pages().payload) index(url, text);
 * ```
 */
export function records<Item = unknown>(): RecordsFormat<Item> {
  const format: Format<AsyncIterable<unknown>> = {
    id: "records",
    extension: ".ndjson",
    inline: false,
    ...notInMemory("records"),
    check(payload) {
      if (typeof Object(payload)[Symbol.asyncIterator] !== "function")
        throw new UnsupportedPayloadError(
          "records",
          [],
          "is no stream",
          "Generate with async function*, or use ndjson() or json() for an array.",
        );
    },
    stored: {
      kind: "stream",
      write: (payload) => encodeJsonLines(payload),
      open: (source, limits) => new ReplayedStream(() => decodeJsonLines(source.stream(), limits)),
    },
  };
  return format as unknown as RecordsFormat<Item>;
}
