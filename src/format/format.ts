import type { ColumnTable } from "../table/column-table.ts";
import type { PayloadSource } from "./payload-source.ts";
import type { Preview, PreviewLimits } from "./preview.ts";

/**
 * How a payload becomes bytes and back. A format knows nothing of stores, addresses or records.
 *
 * Whatever `decode(encode(payload))` gives must equal `payload` in value and type; what a format cannot hold it refuses in
 * `check`, with the path in the payload and a format that could. `encode` and `decode` may be synchronous: then a small payload
 * takes no turn of the event loop.
 *
 * @example
 * ```ts
 * const upperCase: Format<string> = {
 *   id: "upper-case",
 *   extension: ".txt",
 *   inline: false,
 *   check(payload) { if (payload !== payload.toUpperCase()) throw new UnsupportedPayloadError("upper-case", [], "lower-case letters", "text"); },
 *   encode: (payload) => [new TextEncoder().encode(payload)],
 *   decode: (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
 * };
 * ```
 */
export interface Format<Payload = unknown> {
  /** What the record says, parameters included: `npy`, `gzip(json)`. A payload is only ever decoded by the format that its record names. */
  readonly id: string;
  /** File name extension with its dot: `.npy`, `.json.gz`. */
  readonly extension: string;
  /**
   * How a small payload lies inside the record: `"json"` when the bytes are themselves one line of JSON text, `"text"` when
   * they are UTF-8 text, `"base64"` otherwise; `false` when it should always be a file of its own, for other tools to read.
   */
  readonly inline: "json" | "text" | "base64" | false;
  /**
   * Throws {@link UnsupportedPayloadError}, or rejects with one, where this format cannot hold the payload. Runs before any byte is
   * written. The formats of this library are loaded by their first use, and answer at once from then on.
   */
  check(payload: Payload): void | Promise<void>;
  /** The bytes, in order. Big arrays are given as views of their own memory, never copied; the caller only reads them, before the payload is used again. */
  encode(payload: Payload): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** The payload. The bytes were verified, and now belong to the format, which may return views of them. Throws {@link DecodeError} on bytes that it did not write, or beyond `limits`. */
  decode(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
  /** In the place of `encode` and `decode`, for payloads that are never in memory as a whole. Such a payload always is a file of its own. */
  readonly stored?: StoredCodec<Payload> | undefined;
  /** For formats of tables that can read a part of one without the rest. */
  readonly selectColumns?: SelectColumns | undefined;
  /** What tools show of a payload, where `previewOf` does not know the format; never runs what a payload holds. */
  readonly preview?: ((source: PayloadSource, limits: PreviewLimits) => Preview | Promise<Preview>) | undefined;
}

/** A format of which only is known that it is one. */
export interface AnyFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: never): void | Promise<void>;
  encode(payload: never): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode(bytes: Uint8Array, limits: DecodeLimits): unknown;
  readonly selectColumns?: SelectColumns | undefined;
}

/**
 * A format of payloads of the type `In`, which serves wherever a `Format` of a narrower type is asked for: `csv()` takes
 * arrays of any records, and a payload whose records have an `id` comes back with its `id`.
 */
export interface FormatFor<In> extends Pick<Format, "id" | "extension" | "inline" | "selectColumns"> {
  check(payload: In): void | Promise<void>;
  encode(payload: In): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Payload extends In>(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
  readonly stored?: StreamCodecFor<In> | undefined;
}

/** A format that takes payloads of any type, and says at run time what it cannot hold: `structured()`, `json()`. */
export type UniversalFormat = FormatFor<unknown>;

/** Bounds on what decoding may take; all are set by default, see `defaultDecodeLimits`. */
export interface DecodeLimits {
  /** Of decompressed data. */
  readonly maxBytes: number;
  /** Nesting of containers. */
  readonly maxDepth: number;
  /** Values, containers included. */
  readonly maxNodes: number;
  /** Decompressed to compressed. */
  readonly maxRatio: number;
}

/** A part of a table. */
export interface TableSelection {
  /** All by default, in the order of the table; else in the order asked for. */
  readonly columns?: readonly string[] | undefined;
  /** `end` is exclusive; what lies beyond the last row is left out. All by default. */
  readonly rows?: { readonly start: number; readonly end: number } | undefined;
}

/** Read a part of a table, and as few of its other bytes as the format allows. */
export type SelectColumns = (
  source: PayloadSource,
  selection: TableSelection,
  limits: DecodeLimits,
) => Promise<ColumnTable>;

/**
 * How a payload is written and read that is never in memory as a whole: it is a handle on what lies in the store, and after it was generated everybody, the one who
 * generated it too, is handed the same kind of handle.
 */
export type StoredCodec<Payload> = StreamCodec<Payload> | FilesCodec<Payload>;

/** For a payload that is one object in the store. */
export interface StreamCodec<Payload> {
  readonly kind: "stream";
  /** The bytes, as they come; asked for at the pace of the store. A failure of the payload's own is passed on as it is, and then nothing is published. */
  write(payload: Payload): AsyncIterable<Uint8Array>;
  /**
   * Whether `write` gives the same bytes each time that it is called for the same payload, as for the path of a file. Otherwise up to 1 GiB of them is kept aside
   * until the payload is stored, since a stream is generated only once.
   */
  readonly isRepeatable?: boolean | undefined;
  /** The payload again; reads nothing yet, or what it needs at once. */
  open(source: PayloadSource, limits: DecodeLimits): Payload | Promise<Payload>;
}

/** The extension of a payload of several files: its own file is the list of them. */
export const FILES_EXTENSION = ".files.json";

/** The same for a payload of any type that is narrower than `In`. */
export interface StreamCodecFor<In> extends Pick<StreamCodec<In>, "kind" | "write" | "isRepeatable"> {
  open<Payload extends In>(source: PayloadSource, limits: DecodeLimits): Payload | Promise<Payload>;
}

/** For a payload of several files. */
export interface FilesCodec<Payload> {
  readonly kind: "files";
  /** Each file once, in any order; called again where a store has failed. */
  files(payload: Payload): AsyncIterable<PayloadFile>;
  /** The payload again, of the absolute path of a folder that holds these files and no others, all verified. */
  open(folder: string): Payload | Promise<Payload>;
}

/** One of several files of a payload. */
export interface PayloadFile {
  /** Relative, `/`-separated. */
  readonly path: string;
  read(): AsyncIterable<Uint8Array>;
}
