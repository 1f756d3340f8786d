import { ReplayedStream } from "./replayed-stream.ts";

/**
 * Makes a stream that can be read any number of times: each `for await` starts from the first item.
 *
 * @param begin - starts a reading, from the first item on.
 * @example
 * ```ts
 * import { replayStream } from "persistable-ts/format";
 *
 * const lines = replayStream(async function* () { yield "one"; yield "two"; });
 * for await (const line of lines) console.log(line);
 * for await (const line of lines) console.log(line);
 * ```
 */
export function replayStream<Item>(begin: () => AsyncGenerator<Item>): AsyncGenerator<Item, void, undefined> {
  return new ReplayedStream(begin);
}
