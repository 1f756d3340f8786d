import { DecodeError } from "../../errors/format-errors.ts";
import type { FileSource } from "../read-file-source.ts";

/** A file: its bytes, its path or `file:` URL, or its bytes piece by piece. */
export type CsvSource = FileSource | AsyncIterable<Uint8Array>;

/** The byte order marks with which a file says its encoding. */
const MARKS: readonly { readonly mark: readonly number[]; readonly encoding: string }[] = [
  { mark: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { mark: [0xff, 0xfe], encoding: "utf-16le" },
  { mark: [0xfe, 0xff], encoding: "utf-16be" },
];
const PIECE_BYTES = 256 * 1024;

/**
 * Yields the text of a file piece by piece, without its byte order mark.
 *
 * @param encoding - what the bytes are if they begin with no byte order mark
 * @throws {@link DecodeError} for bytes that are not of the encoding
 */
export async function* textsOf(source: CsvSource, encoding: string): AsyncGenerator<string, void, undefined> {
  let decoder: Decoder | undefined;
  for await (const piece of piecesOf(source)) {
    decoder ??= new TextDecoder(encodingOf(piece) ?? encoding, { fatal: true });
    yield decode(decoder, piece, true);
  }
  if (decoder !== undefined) yield decode(decoder, new Uint8Array(0), false);
}

type Decoder = InstanceType<typeof TextDecoder>;

function piecesOf(source: CsvSource): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  if (source instanceof Uint8Array) return inPieces(source);
  if (typeof source !== "string" && !(source instanceof URL)) return source;
  return process.getBuiltinModule("node:fs").createReadStream(source, { highWaterMark: PIECE_BYTES });
}

function inPieces(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES));
}

function encodingOf(piece: Uint8Array): string | undefined {
  return MARKS.find(({ mark }) => mark.every((byte, i) => piece[i] === byte))?.encoding;
}

function decode(decoder: Decoder, piece: Uint8Array, stream: boolean): string {
  try {
    return decoder.decode(piece, { stream });
  } catch (cause) {
    throw new DecodeError(
      "csv",
      `they are not ${decoder.encoding}. Say what they are: readCsv(source, { encoding: "windows-1252" })`,
      { cause },
    );
  }
}
