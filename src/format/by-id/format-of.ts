import { UnknownFormatError, WrongKeyError } from "../../errors/format-errors.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { Format } from "../format.ts";
import type { EncryptionKeys } from "../wrappers/encryption-keys.ts";

const builtInFormatsPart = lazyPart(() => import("../built-in/built-in-formats.ts"));
const encryptedFormatPart = lazyPart(() => import("../wrappers/encrypted-format.ts"));
const npzFormatPart = lazyPart(() => import("../npy/npz-format.ts"));
const msgpackFormatPart = lazyPart(() => import("../msgpack/msgpack-format.ts"));
const avroOfIdPart = lazyPart(() => import("./avro-of-id.ts"));
const csvOfIdPart = lazyPart(() => import("./csv-of-id.ts"));
const ndjsonOfIdPart = lazyPart(() => import("./ndjson-of-id.ts"));
const recordsFormatPart = lazyPart(() => import("../lines/records-format.ts"));
const taggedJsonFormatPart = lazyPart(() => import("../json/tagged-json-format.ts"));
const parquetFormatPart = lazyPart(() => import("../parquet/parquet-format.ts"));
const arrowFormatPart = lazyPart(() => import("../arrow/arrow-format.ts"));
const tableFormatPart = lazyPart(() => import("../table/table-format.ts"));
const fileFormatPart = lazyPart(() => import("../stored/file-format.ts"));
const directoryFormatPart = lazyPart(() => import("../stored/directory-format.ts"));
const byteStreamFormatPart = lazyPart(() => import("../stored/byte-stream-format.ts"));

/** Details that a record does not hold and the reader of a payload may need. */
export interface FormatOfOptions {
  /** The classes whose instances a payload of `structured()` holds. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** The keys that open a payload of `encrypted()`. */
  readonly keys?: EncryptionKeys | undefined;
}

/** The half of a format that reads payloads. */
export type FormatDecoder = Pick<Format, "id" | "decode" | "stored" | "selectColumns">;

/**
 * Makes a decoder from the part of an id in parentheses: for `csv(tab,int32)`, from `tab,int32`.
 */
type Open = (argument: string, options: FormatOfOptions) => Promise<FormatDecoder>;

/**
 * Find the format that reads a payload by the id in its record, `record.payload.format`, and load
 * it. With it, a tool opens any artifact without its definition.
 *
 * `parquet`, `arrow` and `csv` give a `ColumnTable`, also where the definition has `rows: true`:
 * both write the same files, under the same id. The ids of `csv` and `ndjson` say the types of
 * their columns; the names come from the file, and an empty file of `ndjson` has none.
 *
 * @throws {@link UnknownFormatError} for an id that is not of this package, or says too little
 * @throws {@link WrongKeyError} for an encrypted payload without `keys`
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { defaultDecodeLimits } from "persistable-ts";
 * import { formatOf } from "persistable-ts/format";
 *
 * const format = await formatOf("gzip(json)");
 * const payload = await format.decode(await readFile("settings.json.gz"), defaultDecodeLimits);
 * ```
 */
export async function formatOf(id: string, options: FormatOfOptions = {}): Promise<FormatDecoder> {
  const [, name = "", argument = ""] = /^([a-z-]+)(?:\((.*)\))?$/s.exec(id) ?? [];
  const open = Object.hasOwn(openers, name) ? openers[name] : undefined;
  const format = await open?.(argument, options);
  // An id that says more, or says it in another way, belongs to a format that is not known here.
  if (format === undefined || format.id !== id) throw new UnknownFormatError(id);
  return format;
}

const builtIn = () => builtInFormatsPart();

/**
 * Returns a format that can only read. A wrapper takes a whole format, but to read it calls only
 * the methods that read.
 */
async function wrapped(id: string, options: FormatOfOptions): Promise<Format> {
  const unwritable = (): never => {
    throw new UnknownFormatError(id, "formatOf gives formats for reading only. Define the format itself to write.");
  };
  return { extension: "", inline: false, check: unwritable, encode: unwritable, ...(await formatOf(id, options)) };
}

const openers: Readonly<Record<string, Open>> = {
  structured: async (_, { classes }) => (await builtIn()).structured(classes === undefined ? {} : { classes }),
  json: async () => (await builtIn()).json(),
  text: async () => (await builtIn()).text(),
  bytes: async () => (await builtIn()).bytes(),
  npy: async (argument) => (argument === "shaped" ? (await builtIn()).npy({ shaped: true }) : (await builtIn()).npy()),
  gzip: async (inner, options) => (await builtIn()).gzip(await wrapped(inner, options)),
  brotli: async (inner, options) => (await builtIn()).brotli(await wrapped(inner, options)),
  zstd: async (inner, options) => (await builtIn()).zstd(await wrapped(inner, options)),
  encrypted: async (inner, options) => {
    if (options.keys === undefined)
      throw new WrongKeyError(
        `encrypted(${inner})`,
        "no key was given",
        "Give formatOf the keys that read it, as { keys }.",
      );
    const { encrypted } = await encryptedFormatPart();
    return encrypted(await wrapped(inner, options), options.keys);
  },
  npz: async () => (await npzFormatPart()).npz(),
  msgpack: async () => (await msgpackFormatPart()).msgpack(),
  avro: async (argument) => (await avroOfIdPart()).avroOfId(argument),
  csv: async (argument) => (await csvOfIdPart()).csvOfId(argument),
  ndjson: async (argument) => (await ndjsonOfIdPart()).ndjsonOfId(argument),
  records: async (argument) => (await recordsFormatPart()).records({ tagged: argument === "tagged" }),
  "tagged-json": async () => (await taggedJsonFormatPart()).taggedJson(),
  parquet: async () => (await parquetFormatPart()).parquet(),
  arrow: async () => (await arrowFormatPart()).arrow(),
  table: async (argument) => {
    const { table } = await tableFormatPart();
    return argument === "columns" ? table({ columns: true }) : table();
  },
  file: async () => (await fileFormatPart()).file(),
  directory: async () => (await directoryFormatPart()).directory(),
  "byte-stream": async () => (await byteStreamFormatPart()).byteStream(),
};
