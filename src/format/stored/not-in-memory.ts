import { UnsupportedPayloadError } from "../../errors/format-errors.ts";

/**
 * `encode` and `decode` of a format whose payloads are never in memory as a whole. They throw:
 * another format cannot wrap such a format, and a map cannot hold its payloads as items.
 *
 * @example
 * ```ts
 * import { notInMemory } from "persistable-ts/format";
 *
 * const film = {
 *   id: "film",
 *   extension: ".mp4",
 *   inline: false,
 *   ...notInMemory("film"), // encode and decode, which throw
 * };
 * ```
 */
export function notInMemory(format: string): { readonly encode: () => never; readonly decode: () => never } {
  const refuse = (): never => {
    throw new UnsupportedPayloadError(
      format,
      [],
      "is to be taken into memory as a whole",
      "Use the format as it is, for a payload of its own: it cannot be wrapped by gzip(…) or another format, be an item of a map, or come from a worker thread.",
    );
  };
  return { encode: refuse, decode: refuse };
}
