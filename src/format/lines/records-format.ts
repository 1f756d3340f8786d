import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { FormatFor } from "../format.ts";
import { formatFor } from "../format-for.ts";
import { notInMemory } from "../stored/not-in-memory.ts";
import { ReplayedStream } from "../stored/replayed-stream.ts";
import { decodeJsonLines, encodeJsonLines, plainLines, taggedLines } from "./stream-json-lines.ts";

/**
 * A stream of records, one line of JSON each: the rows of a crawl, the events of a simulation, the
 * tokens of a model.
 *
 * The stream is stored while it is consumed, and published only when it has ended. Then it is
 * replayed as a stream, as often as the caller likes. Only a few lines are in memory at any time. A
 * stream that fails leaves nothing behind.
 *
 * The format refuses values that JSON would change (`undefined`, `NaN`, dates, …), and names the
 * number of the record in the path of the error.
 *
 * `records({ tagged: true })` keeps what `taggedJson()` keeps: dates, `undefined`, bytes.
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { records } from "persistable-ts/formats/records";
 *
 * const pages = definePersistable({
 *   name: "pages",
 *   format: records(),
 *   generate: async function* () {
 *     for (const url of ["https://example.com"]) yield { url, text: await (await fetch(url)).text() };
 *   },
 * });
 * for await (const { url, text } of await pages().payload) console.log(url, text.length);
 * ```
 */
export function records<Item = unknown>(
  options: { readonly tagged?: boolean | undefined } = {},
): FormatFor<AsyncIterable<Item>> {
  const isTagged = options.tagged === true;
  const id = isTagged ? "records(tagged)" : "records";
  return formatFor<AsyncIterable<unknown>>({
    id,
    extension: ".ndjson",
    inline: false,
    ...notInMemory(id),
    check(payload) {
      if (typeof Object(payload)[Symbol.asyncIterator] !== "function")
        throw new UnsupportedPayloadError(
          id,
          [],
          "is not a stream",
          "Generate with async function*, or use ndjson() or json() for an array.",
        );
    },
    stored: {
      kind: "stream",
      write: (payload) => encodeJsonLines(payload, isTagged ? taggedLines(id) : plainLines),
      open: (source, limits) =>
        new ReplayedStream(() => decodeJsonLines(source.stream(), limits, isTagged ? taggedLines(id) : plainLines)),
    },
  });
}
