import { DecodeError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import { decodeJson } from "./decode-json.ts";

/**
 * Decodes a cell that holds JSON text. The value can be written again: `-0` becomes 0.
 *
 * @throws {@link DecodeError} for text that is not JSON, and for a number that is too large for
 * JavaScript; {@link DecodeLimitError}
 */
export function decodeNestedJson(format: string, column: string, text: Uint8Array, limits: DecodeLimits): unknown {
  try {
    return decodeJson(text, limits);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new DecodeError(
      format,
      `column ${JSON.stringify(column)} holds JSON that cannot be read (${cause.message})`,
      {
        cause,
      },
    );
  }
}
