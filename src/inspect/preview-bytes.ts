import { visibleLine } from "../errors/visible-text.ts";
import type { PayloadSource } from "../format/payload-source.ts";
import type { HexPreview, ImagePreview, Preview, TextPreview } from "../format/preview.ts";
import type { Room } from "./room.ts";

const HEX_BYTES = 1024;
const HEAD_BYTES = 4096;

/**
 * Previews bytes of an unknown kind: a picture, a text, or other bytes. Only the first bytes
 * decide.
 */
export async function previewBytes(source: PayloadSource, room: Room): Promise<Preview> {
  const head = await source.read(0, HEAD_BYTES);
  const image = imageOf(head, source.sizeBytes);
  if (image !== undefined) return image;
  return isText(head, source.sizeBytes) ? previewText(source, room) : previewHex(source);
}

/** Previews the first bytes as hexadecimal digits, with the reason for that. */
export async function previewHex(source: PayloadSource, problem?: string): Promise<HexPreview> {
  const bytes = await source.read(0, HEX_BYTES);
  return {
    kind: "hex",
    hex: Buffer.from(bytes).toString("hex"),
    shownBytes: bytes.length,
    totalBytes: source.sizeBytes,
    ...(problem === undefined ? {} : { problem: visibleLine(problem) }),
  };
}

/** The first and the last lines. */
export async function previewText(source: PayloadSource, room: Room): Promise<TextPreview> {
  const { maxReadBytes, maxBytes, maxLines } = room.limits;
  const totalBytes = source.sizeBytes;
  const isWhole = totalBytes <= maxReadBytes;
  const first = await source.read(0, isWhole ? totalBytes : maxBytes);
  const lines = linesOf(first);
  // A line without an end was cut by the reading, unless the text ends there.
  if (!isWhole && lines.length > 1) lines.pop();
  const half = Math.floor(maxBytes / 2);
  const head = fitting(lines, maxLines, half);
  if (isWhole && head.length === lines.length)
    return { kind: "text", head, tail: [], lineCount: lines.length, shownBytes: totalBytes, totalBytes };
  const last = isWhole ? lines.slice(head.length) : linesOf(await source.read(totalBytes - half, totalBytes)).slice(1);
  const tail = fitting(last.reverse(), maxLines, half).reverse();
  return {
    kind: "text",
    head,
    tail,
    ...(isWhole ? { lineCount: lines.length } : {}),
    shownBytes: Math.min(totalBytes, Buffer.byteLength([...head, ...tail].join("\n"))),
    totalBytes,
  };
}

function linesOf(bytes: Uint8Array): string[] {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines;
}

const LONGEST_LINE = 2000;

/** Returns as many lines as fit, without control characters. */
function fitting(lines: readonly string[], most: number, bytes: number): string[] {
  const shown: string[] = [];
  let left = bytes;
  for (const line of lines) {
    const text = visibleLine(line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);
    left -= Buffer.byteLength(text) + 3;
    if (shown.length >= most || left < 0) break;
    shown.push(text);
  }
  return shown;
}

/** Whether the bytes are UTF-8 without control characters that a text does not have. */
function isText(head: Uint8Array, sizeBytes: number): boolean {
  if (head.length === 0) return false;
  try {
    // A character may be cut in two at the end of what was read.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: head.length < sizeBytes });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
  } catch {
    return false;
  }
}

function imageOf(head: Uint8Array, totalBytes: number): ImagePreview | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = Buffer.from(head.subarray(0, 16)).toString("latin1");
  if (text.startsWith("\x89PNG\r\n\x1a\n") && head.length >= 24)
    return { kind: "image", mediaType: "image/png", totalBytes, width: view.getUint32(16), height: view.getUint32(20) };
  if (/^GIF8[79]a/.test(text) && head.length >= 10) {
    const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
    return { kind: "image", mediaType: "image/gif", totalBytes, width, height };
  }
  if (text.startsWith("\xff\xd8\xff")) return { kind: "image", mediaType: "image/jpeg", totalBytes };
  if (/^RIFF.{4}WEBP/s.test(text)) return { kind: "image", mediaType: "image/webp", totalBytes };
  if (/^.{4}ftypavi[fs]/s.test(text)) return { kind: "image", mediaType: "image/avif", totalBytes };
  return undefined;
}
