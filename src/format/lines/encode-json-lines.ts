import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { isTooLong, saysTooLong } from "../text-limit.ts";

/** Lines are collected up to this length, and then converted to bytes by one call. */
const PIECE_CHARACTERS = 1024 ** 2;

/**
 * Encodes lines, each with its line end.
 *
 * @param textOf - returns the JSON text of a line
 * @throws {@link UnsupportedPayloadError} for a line that is longer than a text can be.
 */
export function joinJsonLines(format: string, count: number, textOf: (index: number) => string): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let text = "";
  for (let i = 0; i < count; i++) {
    const line = lineOf(format, i, textOf);
    if (text.length > 0 && text.length + line.length >= PIECE_CHARACTERS) {
      pieces.push(Buffer.from(text));
      text = "";
    }
    text += `${line}\n`;
  }
  if (text.length > 0) pieces.push(Buffer.from(text));
  return pieces;
}

function lineOf(format: string, index: number, textOf: (index: number) => string): string {
  let line: string | undefined;
  try {
    line = textOf(index);
  } catch (error) {
    if (!saysTooLong(error)) throw error;
  }
  if (line !== undefined && !isTooLong(line)) return line;
  throw new UnsupportedPayloadError(format, [index], "takes more than 512 MiB as text", "Use structured(), or npy().");
}
