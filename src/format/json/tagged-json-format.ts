import { messageOf } from "../../errors/error-kind.ts";
import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { DecodeLimits, UniversalFormat } from "../format.ts";
import { MAX_TEXT_BYTES } from "../text-limit.ts";
import { decodeTaggedJson, toTagged } from "./tagged-value.ts";

/**
 * JSON text for values that JSON alone would change: `undefined`, `NaN`, `-0`, dates, URLs, big
 * integers and bytes become objects with a single tag, as in records: `{ "$date":
 * "2026-01-01T00:00:00.000Z" }`. It refuses everything else that is not JSON: maps, sets, instances
 * of classes.
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { taggedJson } from "persistable-ts/formats/tagged-json";
 *
 * definePersistable({
 *   name: "visit",
 *   generate: () => ({ at: new Date(), referrer: undefined }),
 *   format: taggedJson(),
 * });
 * ```
 */
export function taggedJson(): UniversalFormat {
  return {
    id: "tagged-json",
    extension: ".json",
    inline: "json",
    check: (payload) => {
      toTagged(payload, "tagged-json");
    },
    encode: encodeTaggedJson,
    decode: <Payload>(bytes: Uint8Array, limits: DecodeLimits) =>
      decodeTaggedJson(bytes, limits, "tagged-json") as Payload,
  };
}

function encodeTaggedJson(payload: unknown): readonly Uint8Array[] {
  let bytes: Uint8Array | undefined;
  try {
    bytes = Buffer.from(JSON.stringify(toTagged(payload, "tagged-json")));
  } catch (error) {
    if (!messageOf(error).includes("string length")) throw error;
  }
  if (bytes !== undefined && bytes.length <= MAX_TEXT_BYTES) return [bytes];
  throw new UnsupportedPayloadError(
    "tagged-json",
    [],
    "takes more than 512 MiB as text",
    "Use structured(), or npy().",
  );
}
