import { codeOf, isErrorOf } from "../errors/error-kind.ts";

/** Node 20 reads no text of more UTF-8 bytes, though it has longer strings. */
export const MAX_TEXT_BYTES = 0x1fffffe8;

/** Whether a text takes more bytes than can be read as text again. */
export function isTooLong(text: string): boolean {
  // A character takes three bytes at most.
  return text.length > MAX_TEXT_BYTES / 3 && Buffer.byteLength(text) > MAX_TEXT_BYTES;
}

/** Whether bytes would be such a text in base64, which takes four characters for three bytes. */
export function isTooLongInBase64({ length }: Uint8Array): boolean {
  return Math.ceil(length / 3) * 4 > MAX_TEXT_BYTES;
}

/** Whether an engine says, in one of its ways, that a text would be longer than any can be. */
export function saysTooLong(error: unknown): boolean {
  return (
    codeOf(error) === "ERR_STRING_TOO_LONG" ||
    (isErrorOf("RangeError", error) && error.message.includes("Invalid string length"))
  );
}
