/** Node 20 reads no text of more UTF-8 bytes, though it has longer strings. */
export const MAX_TEXT_BYTES = 0x1fffffe8;
