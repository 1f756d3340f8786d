import type { Format, StreamCodec } from "../../format/format.ts";
import { notInMemory } from "../../format/stored/not-in-memory.ts";
import { lazyPart } from "../../util/peers/load-part.ts";

const recordsFormatPart = lazyPart(() => import("../../format/lines/records-format.ts"));

/**
 * The format `records()`, which is loaded when the first stream is written or opened: few programs
 * have one.
 */
export const lazyRecords: Format<AsyncIterable<unknown>> = {
  id: "records",
  extension: ".ndjson",
  inline: false,
  ...notInMemory("records"),
  check: async (payload) => (await loadRecords()).check(payload),
  stored: {
    kind: "stream",
    async *write(payload) {
      yield* (await loadCodec()).write(payload);
    },
    open: async (source, limits) => (await loadCodec()).open(source, limits),
  },
};

async function loadRecords(): Promise<Format<AsyncIterable<unknown>>> {
  const { records } = await recordsFormatPart();
  return records();
}

async function loadCodec(): Promise<StreamCodec<AsyncIterable<unknown>>> {
  const { stored } = await loadRecords();
  if (stored?.kind !== "stream") throw new TypeError("The format records() is one of streams.");
  return stored;
}
