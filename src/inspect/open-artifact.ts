import type { ListedFile } from "../artifact/layout/file-list.ts";
import { openStoredPayload } from "../artifact/read/open-stored-payload.ts";
import { tryDecode } from "../artifact/read/try-decode.ts";
import { CorruptArtifactError } from "../errors/artifact-errors.ts";
import { DecodeError } from "../errors/format-errors.ts";
import { type FormatDecoder, formatOf } from "../format/by-id/format-of.ts";
import { resolveDecodeLimits } from "../format/decode-limits.ts";
import type { DecodeLimits, TableSelection } from "../format/format.ts";
import type { Preview, PreviewLimits } from "../format/preview.ts";
import { tryTableOfRows } from "../format/tabular/table-of-rows.ts";
import type { EncryptionKeys } from "../format/wrappers/encryption-keys.ts";
import type { ArtifactRecord } from "../record/record.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store } from "../store/store.ts";
import { ColumnTable } from "../table/column-table.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import type { NotebookDisplay } from "../util/notebook/notebook-display.ts";
import { displayArtifact } from "./display-artifact.ts";
import { findRecordPath, readFoundRecord } from "./find-record.ts";
import { type DamagedObject, PayloadObject } from "./payload-object.ts";
import { type OwnFormat, previewOf } from "./preview-of.ts";

/** Details that reading an artifact may need and that its record does not hold. */
export interface OpenArtifactOptions {
  /** The classes whose instances are in params, or in payloads of `structured()`. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** The keys that open payloads of `encrypted()`. */
  readonly keys?: EncryptionKeys | undefined;
  /** Your own formats. The formats of this package need not be given. */
  readonly formats?: readonly OwnFormat[] | undefined;
  /** Bounds on what decoding may take; see `defaultDecodeLimits`. */
  readonly limits?: Partial<DecodeLimits> | undefined;
  /** Ends the opening: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of a look at every byte of a payload. */
export interface Verification {
  readonly isIntact: boolean;
  /** The damaged objects: their paths in the store, and what is wrong. */
  readonly damaged: readonly DamagedObject[];
}

/** An artifact that was opened by its record, without its definition. */
export interface OpenedArtifact {
  readonly record: ArtifactRecord;
  /**
   * Reads every byte of the payload and compares the digests. Damage is reported, but nothing is
   * set aside.
   */
  verify(): Promise<Verification>;
  /**
   * The payload, verified and decoded by the format that the record names.
   *
   * @throws {@link CorruptArtifactError}, {@link UnknownFormatError}, {@link UndeclaredClassError},
   * {@link WrongKeyError}
   */
  payload(): Promise<unknown>;
  /**
   * Some columns and rows of a payload that is a table, or a list of records; `undefined` for any
   * other payload. If its format can be read in parts (`parquet`, `arrow`, `table`), the rest is
   * not read. Every byte that is read is verified.
   *
   * @throws {@link InvalidColumnTableError} for a column that the table does not have; otherwise as
   * `payload`
   */
  table(selection?: TableSelection): Promise<ColumnTable | undefined>;
  /**
   * Returns the bytes of the payload as they are stored, a range of them, or the bytes of one of
   * its files. They are verified.
   */
  bytes(part?: {
    readonly range?: { readonly start: number; readonly end: number } | undefined;
    readonly file?: string | undefined;
  }): Promise<Uint8Array>;
  /** Returns the files of a payload that is a folder; an empty list for any other payload. */
  files(): Promise<readonly ListedFile[]>;
  /**
   * Shows what the payload looks like, see `previewOf`. If a payload above 8 MiB can only be
   * verified as a whole, the bytes that are shown were not verified.
   */
  preview(limits?: Partial<PreviewLimits>): Promise<Preview>;
}

/**
 * Open any artifact by its record alone: to look at it, verify it, load it, in a tool that has no
 * definitions.
 * Nothing is generated, written or set aside, and nothing outside the data directory is read.
 *
 * @param store - a folder, the URL of a store, or a store
 * @param address - an address or its first digits, at least four; with its name and a slash before
 * it, only
 * the folder of that name is listed
 * @throws {@link UnresolvedArtifactError} if it does not mean one artifact, {@link
 * CorruptArtifactError} if its record
 * is damaged, {@link NewerRecordError}, a StoreError
 *
 * @example
 * ```ts
 * import { openArtifact } from "persistable-ts/inspect";
 *
 * const artifact = await openArtifact("example-data", "outlier_estimator/3f9a1c2e");
 * artifact.record.params;          // { zThreshold: 2, points: { n: 100 } }
 * await artifact.preview();        // { kind: "tree", … }
 * (await artifact.verify()).isIntact;
 * ```
 */
export async function openArtifact(
  store: string | URL | Store,
  address: string,
  options: OpenArtifactOptions = {},
): Promise<OpenedArtifact> {
  const { signal, classes = [] } = options;
  const opened = openStore(store);
  const path = await findRecordPath(opened, address, signal);
  const found = await readFoundRecord(opened, path, classes, signal);
  const object = new PayloadObject(opened, found);
  return new ArtifactByRecord(opened, found.record, object, options);
}

class ArtifactByRecord implements OpenedArtifact {
  readonly record: ArtifactRecord;
  readonly #store: Store;
  readonly #object: PayloadObject;
  readonly #options: OpenArtifactOptions;

  constructor(store: Store, record: ArtifactRecord, object: PayloadObject, options: OpenArtifactOptions) {
    this.record = record;
    this.#store = store;
    this.#object = object;
    this.#options = options;
  }

  async verify(): Promise<Verification> {
    const damaged = await this.#object.findDamage();
    return { isIntact: damaged.length === 0, damaged };
  }

  async payload(): Promise<unknown> {
    const { name, address, payload } = this.record;
    const format = await this.#format();
    const limits = resolveDecodeLimits(this.#options.limits);
    const { file } = payload;
    if (format.stored !== undefined && file !== undefined)
      return openStoredPayload({ store: this.#store, name, address, payload: { ...payload, file }, format, limits });
    const read = await this.#object.read(undefined);
    // A format may return views of these bytes. The bytes of a record are used again, so they are
    // copied.
    const bytes = file === undefined ? Uint8Array.from(read) : read;
    const decoded = await tryDecode(format.id, () => format.decode(bytes, limits));
    if (!(decoded instanceof DecodeError)) return decoded.value;
    const problem = `cannot be decoded as ${format.id}: ${decoded.message}`;
    throw new CorruptArtifactError(name, address, file ?? `${address}.json`, problem, { cause: decoded });
  }

  async table(selection: TableSelection = {}): Promise<ColumnTable | undefined> {
    const { selectColumns } = await this.#format();
    if (selectColumns !== undefined && this.#object.isReadInParts)
      return selectColumns(this.#object.source(), selection, resolveDecodeLimits(this.#options.limits));
    const payload = await this.payload();
    const table = Array.isArray(payload) ? tryTableOfRows(payload) : payload;
    if (!(table instanceof ColumnTable)) return undefined;
    const { columns, rows } = selection;
    const narrow: ColumnTable = columns === undefined ? table : table.select(columns);
    return rows === undefined ? narrow : narrow.slice(Math.max(0, rows.start), Math.max(0, rows.end));
  }

  async bytes(part: Parameters<OpenedArtifact["bytes"]>[0] = {}): Promise<Uint8Array> {
    const { range, file } = part;
    if (file === undefined) return this.#object.read(range);
    const bytes = await this.#object.readFile(file);
    return range === undefined ? bytes : bytes.subarray(Math.max(0, range.start), Math.max(0, range.end));
  }

  files(): Promise<readonly ListedFile[]> {
    return this.#object.files();
  }

  async preview(limits?: Partial<PreviewLimits>): Promise<Preview> {
    const format = this.#ownFormat() ?? this.record.payload.format;
    return previewOf(format, this.#object.source(), limits, this.#options);
  }

  /** Shows the artifact in a notebook. */
  [Symbol.for("Jupyter.display")](): Promise<NotebookDisplay> {
    return displayArtifact(this);
  }

  #ownFormat(): OwnFormat | undefined {
    return this.#options.formats?.find(({ id }) => id === this.record.payload.format);
  }

  #format(): FormatDecoder | Promise<FormatDecoder> {
    return this.#ownFormat() ?? formatOf(this.record.payload.format, this.#options);
  }
}
