/** The most characters of a number of 64 bits. To convert a much longer text takes very long. */
const LONGEST_INTEGER = 20;
const INTEGER = /^-?\d+$/;

/** Converts digits to a bigint of about 64 bits. */
export function bigintFromText(text: string): bigint | undefined {
  return text.length <= LONGEST_INTEGER && INTEGER.test(text) ? BigInt(text) : undefined;
}

/**
 * Accepts only the form that `toISOString` writes. How a Date reads other forms depends on the time
 * zone, or on the engine.
 */
export function dateFromText(text: string): Date | undefined {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date : undefined;
}

/** Encodes bytes in base64 of RFC 4648, with padding. */
export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

export function bytesFromText(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}
