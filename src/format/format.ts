import type { ColumnTable } from "../table/column-table.ts";
import type { PayloadSource } from "./payload-source.ts";
import type { Preview, PreviewLimits } from "./preview.ts";

/**
 * How a payload becomes bytes and back. A format knows nothing about stores, addresses or records.
 *
 * The result of `decode(encode(payload))` must equal `payload` in value and type. `check` refuses a
 * payload that the format cannot hold, with the path in the payload and the name of a format that
 * could hold it. If `encode` and `decode` are synchronous, a small payload takes no turn of the
 * event loop.
 *
 * @example
 * ```ts
 * import { type Format, UnsupportedPayloadError } from "persistable-ts";
 *
 * const upperCase: Format<string> = {
 *   id: "upper-case",
 *   extension: ".txt",
 *   inline: false,
 *   check(payload) {
 *     if (payload !== payload.toUpperCase())
 *       throw new UnsupportedPayloadError("upper-case", [], "has lower-case letters", "Use text().");
 *   },
 *   encode: (payload) => [new TextEncoder().encode(payload)],
 *   decode: (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
 * };
 * ```
 */
export interface Format<Payload = unknown> {
  /**
   * The name in the record, parameters included: `npy`, `gzip(json)`. A payload is decoded only by
   * the format that its record names.
   */
  readonly id: string;
  /** File name extension with its dot: `.npy`, `.json.gz`. */
  readonly extension: string;
  /**
   * How a small payload lies inside the record: `"json"` if the bytes are themselves one line of
   * JSON text, `"text"` if they are UTF-8 text, otherwise `"base64"`; `false` if the payload should
   * always be a file of its own, which other tools can read.
   */
  readonly inline: "json" | "text" | "base64" | false;
  /**
   * Throws {@link UnsupportedPayloadError}, or rejects with one, if this format cannot hold the
   * payload. The caller calls it before any byte is written. The formats of this library are loaded
   * at their first use, and answer synchronously from then on.
   */
  check(payload: Payload): void | Promise<void>;
  /**
   * Returns the bytes in order. Big arrays are returned as views of their own memory, never copied.
   * The caller only reads them, and does so before the program uses the payload again.
   */
  encode(payload: Payload): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /**
   * Returns the payload. The bytes were verified. From now on they belong to the format, which may
   * return views of them. Throws {@link DecodeError} for bytes that it did not write, and an error
   * for a payload that exceeds `limits`.
   */
  decode(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
  /**
   * Replaces `encode` and `decode`, for payloads that are never in memory as a whole. Such a
   * payload is always a file of its own.
   */
  readonly stored?: StoredCodec<Payload> | undefined;
  /** Reads a part of a table without the rest. Only formats of tables can have it. */
  readonly selectColumns?: SelectColumns | undefined;
  /**
   * Returns a preview for tools, if `previewOf` does not know the format. It never runs code that a
   * payload holds.
   */
  readonly preview?: ((source: PayloadSource, limits: PreviewLimits) => Preview | Promise<Preview>) | undefined;
}

/** A format whose payload type is not known. */
export interface AnyFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: never): void | Promise<void>;
  encode(payload: never): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode(bytes: Uint8Array, limits: DecodeLimits): unknown;
  readonly selectColumns?: SelectColumns | undefined;
}

/**
 * A format of payloads of the type `In`, which also serves as a `Format` of every narrower type:
 * `csv()` takes arrays of any records, and a payload whose records have an `id` comes back with its
 * `id`.
 */
export interface FormatFor<In> extends Pick<Format, "id" | "extension" | "inline" | "selectColumns"> {
  check(payload: In): void | Promise<void>;
  encode(payload: In): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Payload extends In>(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
  readonly stored?: StreamCodecFor<In> | undefined;
}

/**
 * A format that takes payloads of any type, and says at run time which values it cannot hold:
 * `structured()`, `json()`.
 */
export type UniversalFormat = FormatFor<unknown>;

/** Bounds on what decoding may build. All are set by default, see `defaultDecodeLimits`. */
export interface DecodeLimits {
  /** The most bytes of decompressed data. */
  readonly maxBytes: number;
  /** The deepest nesting of containers. */
  readonly maxDepth: number;
  /** The most values, containers included. */
  readonly maxNodes: number;
  /** The highest ratio of decompressed to compressed bytes. */
  readonly maxRatio: number;
}

/** A part of a table. */
export interface TableSelection {
  /**
   * The columns in the order in which they are wanted. By default all, in the order of the table.
   */
  readonly columns?: readonly string[] | undefined;
  /**
   * The rows from `start` to before `end`. Rows beyond the last one are left out. By default all.
   */
  readonly rows?: { readonly start: number; readonly end: number } | undefined;
}

/** Reads a part of a table, and as few of its other bytes as the format allows. */
export type SelectColumns = (
  source: PayloadSource,
  selection: TableSelection,
  limits: DecodeLimits,
) => Promise<ColumnTable>;

/**
 * How a payload that is never in memory as a whole is written and read. The payload is a handle on
 * the bytes in the store. After it was generated, every caller gets such a handle, the one that
 * generated it too.
 */
export type StoredCodec<Payload> = StreamCodec<Payload> | FilesCodec<Payload>;

/** For a payload that is one object in the store. */
export interface StreamCodec<Payload> {
  readonly kind: "stream";
  /**
   * Returns the bytes one piece after the other, at the pace of the store. An error of the
   * payload's own is passed on unchanged, and then nothing is published.
   */
  write(payload: Payload): AsyncIterable<Uint8Array>;
  /**
   * Whether `write` gives the same bytes at each call for the same payload, as for the path of a
   * file. Otherwise up to 1 GiB of them is kept aside until the payload is stored, since a stream
   * is generated only once.
   */
  readonly isRepeatable?: boolean | undefined;
  /** Returns the payload. It reads nothing yet, or only the bytes that it needs at once. */
  open(source: PayloadSource, limits: DecodeLimits): Payload | Promise<Payload>;
}

/** The extension of the list of files, which is the payload file of a payload of several files. */
export const FILES_EXTENSION = ".files.json";

/** Like {@link StreamCodec}, for a payload of any type that is narrower than `In`. */
export interface StreamCodecFor<In> extends Pick<StreamCodec<In>, "kind" | "write" | "isRepeatable"> {
  open<Payload extends In>(source: PayloadSource, limits: DecodeLimits): Payload | Promise<Payload>;
}

/** For a payload of several files. */
export interface FilesCodec<Payload> {
  readonly kind: "files";
  /** Returns each file once, in any order. The caller calls it again after a failure of a store. */
  files(payload: Payload): AsyncIterable<PayloadFile>;
  /**
   * Returns the payload for a folder that holds these files and no others. All of them were
   * verified.
   */
  open(folder: string): Payload | Promise<Payload>;
}

/** One of several files of a payload. */
export interface PayloadFile {
  /** A relative path, with `/` between its parts. */
  readonly path: string;
  read(): AsyncIterable<Uint8Array>;
}
