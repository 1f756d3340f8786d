import { tryParseJson } from "../util/json/checks.ts";
import { decodeInline, type InlineKind } from "./inline-payload.ts";
import { asBuffer } from "./layout.ts";

// A byte order mark is part of the payload.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Returns the one line of JSON text that holds a payload inside a record.
 *
 * @returns `undefined` if the bytes are not what the format promises: they could not be read again.
 */
export function encodeInline(kind: InlineKind, bytes: Uint8Array): string | undefined {
  if (kind === "base64") return `"${asBuffer(bytes).toString("base64")}"`;
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  if (kind === "text") return JSON.stringify(text);
  return isLineOfJson(text) ? text : undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function isLineOfJson(text: string): boolean {
  return !text.includes("\n") && tryParseJson(text) !== undefined;
}

/**
 * Decodes a line of any kind, if `isRight` accepts the bytes: the format may have been of
 * another kind when the record was written.
 */
export function decodeInlineOfAnyKind(
  preferred: InlineKind | false,
  line: Uint8Array,
  isRight: (bytes: Uint8Array) => boolean,
): Uint8Array | undefined {
  for (const kind of new Set<InlineKind | false>([preferred, "json", "text", "base64"])) {
    if (kind === false) continue;
    const bytes = tryDecodeInline(kind, line);
    if (bytes !== undefined && isRight(bytes)) return bytes;
  }
  return undefined;
}

function tryDecodeInline(kind: InlineKind, line: Uint8Array): Uint8Array | undefined {
  try {
    return decodeInline(kind, line);
  } catch {
    return undefined;
  }
}
