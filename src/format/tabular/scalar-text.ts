/** The longest number that 64 bits hold; reading much longer ones as a bigint takes for ever. */
const LONGEST_INTEGER = 20;
const INTEGER = /^-?\d+$/;

/** Digits as a bigint of about 64 bits. */
export function bigintFromText(text: string): bigint | undefined {
  return text.length <= LONGEST_INTEGER && INTEGER.test(text) ? BigInt(text) : undefined;
}

/** Only as `toISOString` writes it: what else a Date can be made of depends on the time zone, or on the engine. */
export function dateFromText(text: string): Date | undefined {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date : undefined;
}

/** Base64 of RFC 4648, with its padding. */
export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

export function bytesFromText(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}
