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
}

/** A format of which only is known that it is one. */
export interface AnyFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: never): void | Promise<void>;
  encode(payload: never): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode(bytes: Uint8Array, limits: DecodeLimits): unknown;
}

/**
 * A format that takes payloads of any type, and says at run time what it cannot hold: `structured()`, `json()`. It serves wherever a
 * `Format` of some payload is asked for.
 */
export interface UniversalFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: unknown): void | Promise<void>;
  encode(payload: unknown): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Payload>(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
}

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
