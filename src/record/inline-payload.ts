import { INLINE_MARK } from "./record-layout.ts";

/** How a small payload lies inside its record; what the format declares. */
export type InlineKind = "json" | "text" | "base64";

// A byte order mark is part of the payload.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The one line of JSON text that holds a payload inside a record. */
export function encodeInline(kind: InlineKind, bytes: Uint8Array): string {
  if (kind === "base64") return `"${asBuffer(bytes).toString("base64")}"`;
  const text = decoder.decode(bytes);
  return kind === "json" ? text : JSON.stringify(text);
}

/** The payload's bytes again. Throws where the line is not what {@link encodeInline} writes. */
export function decodeInline(kind: InlineKind, line: Uint8Array): Uint8Array {
  // The line may lie in a buffer that the next read reuses.
  if (kind === "json") return new Uint8Array(line);
  if (kind === "base64") return Buffer.from(asBuffer(line).toString("latin1", 1, line.length - 1), "base64");
  return encoder.encode(JSON.parse(decoder.decode(line)) as string);
}

/** The line that holds the payload inside a record, unverified; `undefined` where the payload is a file. */
export function findInline(record: Uint8Array): Uint8Array | undefined {
  const mark = asBuffer(record).indexOf(INLINE_MARK);
  return mark === -1 ? undefined : record.subarray(mark + INLINE_MARK.length, record.length - 3);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
