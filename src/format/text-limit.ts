import { codeOf, isErrorOf } from "../errors/error-kind.ts";

/** The most UTF-8 bytes that Node 20 reads as one text, though its strings can be longer. */
export const MAX_TEXT_BYTES = 0x1fffffe8;

/** Whether a text takes more bytes than can be read as text again. */
export function isTooLong(text: string): boolean {
  // A UTF-16 code unit takes at most three bytes.
  return text.length > MAX_TEXT_BYTES / 3 && Buffer.byteLength(text) > MAX_TEXT_BYTES;
}

/** Whether the base64 of these bytes would be too long: it has four characters for three bytes. */
export function isTooLongInBase64({ length }: Uint8Array): boolean {
  return Math.ceil(length / 3) * 4 > MAX_TEXT_BYTES;
}

/** Whether an error says, in the words of one of the engines, that a text would be too long. */
export function saysTooLong(error: unknown): boolean {
  return (
    codeOf(error) === "ERR_STRING_TOO_LONG" ||
    (isErrorOf("RangeError", error) && error.message.includes("Invalid string length"))
  );
}
