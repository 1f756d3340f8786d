import { asBuffer } from "./layout.ts";

/** How a small payload lies inside its record, as the format declares it. */
export type InlineKind = "json" | "text" | "base64";

// A byte order mark is part of the payload.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Returns the bytes of an inline payload. Throws if the line is not what `encodeInline` of
 * encode-inline.ts writes.
 */
export function decodeInline(kind: InlineKind, line: Uint8Array): Uint8Array {
  // The line may lie in a buffer that the next read reuses.
  if (kind === "json") return new Uint8Array(line);
  if (kind === "base64") return Buffer.from(asBuffer(line).toString("latin1", 1, line.length - 1), "base64");
  const text: string = JSON.parse(decoder.decode(line));
  return encoder.encode(text);
}
