import { parseFileList } from "../artifact/layout/file-list.ts";
import { CorruptArtifactError } from "../errors/artifact-errors.ts";
import { isError } from "../errors/error-kind.ts";
import { DecodeError } from "../errors/format-errors.ts";
import { StoreError } from "../errors/store-errors.ts";
import type { FormatOfOptions } from "../format/by-id/format-of.ts";
import { formatOf } from "../format/by-id/format-of.ts";
import type { DecodeLimits, Format } from "../format/format.ts";
import { npyKindOf } from "../format/npy/npy-header.ts";
import type { PayloadSource } from "../format/payload-source.ts";
import { defaultPreviewLimits, type FilesPreview, type Preview, type PreviewLimits } from "../format/preview.ts";
import { ColumnTable } from "../table/column-table.ts";
import { tableFromRows } from "../table/table-from-rows.ts";
import { bytesSource } from "./bytes-source.ts";
import { previewArray, previewNpy } from "./preview-array.ts";
import { previewBytes, previewHex, previewText } from "./preview-bytes.ts";
import { previewColumns, previewTable } from "./preview-table.ts";
import { previewTree } from "./preview-tree.ts";
import { Room } from "./room.ts";

/** The part of your own format that reading and previews need. */
export type OwnFormat = Pick<Format, "id" | "decode" | "stored" | "selectColumns" | "preview">;

/**
 * Shows what a payload looks like, as plain data: a part of a table, of an array, of a text, and so
 * on. Reads and returns no more than the limits say, and runs nothing that a payload holds. If the
 * payload cannot be shown in its own form, its bytes are shown, and `problem` has the reason:
 * damage, a missing key, an unknown format.
 *
 * @param format - the id in a record, `record.payload.format`, or a format of your own
 * @param source - the bytes of the payload
 * @throws a StoreError where they cannot be read
 *
 * @example
 * ```ts
 * import { bytesSource, previewOf } from "persistable-ts/inspect";
 *
 * const preview = await previewOf("json", bytesSource(new TextEncoder().encode('{"a":[1,2]}')));
 * if (preview.kind === "tree") preview.root.childCount; // 1
 * ```
 */
export async function previewOf(
  format: string | OwnFormat,
  source: PayloadSource,
  limits: Partial<PreviewLimits> = {},
  options: FormatOfOptions = {},
): Promise<Preview> {
  const room = new Room({ ...defaultPreviewLimits, ...limits });
  try {
    return await tryPreview(format, source, room, options);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    return previewProblem(source, isError(error) ? error.message : String(error));
  }
}

async function previewProblem(source: PayloadSource, problem: string): Promise<Preview> {
  try {
    return await previewHex(source, problem);
  } catch (error) {
    if (!(error instanceof CorruptArtifactError)) throw error;
    return previewHex(bytesSource(new Uint8Array()), error.message);
  }
}

async function tryPreview(
  given: string | OwnFormat,
  source: PayloadSource,
  room: Room,
  options: FormatOfOptions,
): Promise<Preview> {
  if (typeof given === "object" && given.preview !== undefined) return given.preview(source, room.limits);
  const id = typeof given === "string" ? given : given.id;
  const { maxReadBytes } = room.limits;
  switch (id) {
    case "text":
      return previewText(source, room);
    case "bytes":
    case "file":
    case "byte-stream":
      return previewBytes(source, room);
    case "npy":
    case "npy(shaped)":
      return previewNpy(source, room);
    case "directory":
      return previewFiles(source, room);
  }
  const format = typeof given === "string" ? await formatOf(given, options) : given;
  if (format.selectColumns !== undefined)
    return previewColumns(new BoundedSource(source, room), format.selectColumns, decodeLimits(room), room);
  const isOfLines = /^(?:csv|ndjson|records)(?:\(|$)/.test(id);
  if (source.sizeBytes > maxReadBytes && !isOfLines)
    return previewHex(
      source,
      `${id} is decoded as a whole, and a preview reads up to ${maxReadBytes} of its ${source.sizeBytes} bytes. Load the payload to see all of it.`,
    );
  const bytes = await source.read(0, maxReadBytes);
  const isWhole = bytes.length === source.sizeBytes;
  if (format.stored?.kind === "stream") {
    const opened = await format.stored.open(bytesSource(isWhole ? bytes : wholeLines(bytes)), decodeLimits(room));
    return previewPayload(await firstOf(opened, room.limits.maxRows), room, false);
  }
  try {
    const payload = await format.decode(isWhole ? bytes : wholeLines(bytes), decodeLimits(room));
    return previewPayload(payload, room, isWhole);
  } catch (error) {
    // A cell of a CSV file may contain a line break, and the part that was read may end inside such
    // a cell.
    if (isWhole || !(error instanceof DecodeError)) throw error;
    return previewText(source, room);
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function firstOf(items: unknown, most: number): Promise<readonly unknown[]> {
  const first: unknown[] = [];
  if (!isStream(items)) return first;
  for await (const item of items) {
    first.push(item);
    if (first.length >= most) break;
  }
  return first;
}

/** Previews a decoded payload according to its type. */
async function previewPayload(payload: unknown, room: Room, isWhole: boolean): Promise<Preview> {
  if (payload instanceof ColumnTable) return previewTable(payload, room, () => isWhole);
  if (typeof payload === "string") return previewText(bytesSource(new TextEncoder().encode(payload)), room);
  const { data, shape }: { readonly data?: unknown; readonly shape?: unknown } = Object(payload);
  if (isNumbers(payload) && !(payload instanceof Uint8Array)) return previewArray(payload, [payload.length], room);
  if (payload instanceof Uint8Array) return previewBytes(bytesSource(payload), room);
  if (isNumbers(data) && isShape(shape)) return previewArray(data, shape, room);
  const rows = rowsIn(payload);
  return rows === undefined ? previewTree(payload, room) : previewTable(tableFromRows(rows), room, () => isWhole);
}

type Numbers = Parameters<typeof previewArray>[0];

function isNumbers(value: unknown): value is Numbers {
  return npyKindOf(value) !== undefined;
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(Number.isSafeInteger);
}

/** Returns the payload if it is an array of plain objects with the same keys. */
function rowsIn(payload: unknown): readonly Record<string, unknown>[] | undefined {
  if (!Array.isArray(payload) || payload.length < 2) return undefined;
  const keys = rowKeys(payload[0]);
  if (keys === undefined || keys.length === 0) return undefined;
  return payload.every((row) => rowKeys(row)?.join("\n") === keys.join("\n")) ? payload : undefined;
}

function rowKeys(row: unknown): string[] | undefined {
  if (typeof row !== "object" || row === null || Object.getPrototypeOf(row) !== Object.prototype) return undefined;
  const properties = Object.entries(Object.getOwnPropertyDescriptors(row));
  return properties.every(([, { get }]) => get === undefined) ? properties.map(([key]) => key) : undefined;
}

async function previewFiles(source: PayloadSource, room: Room): Promise<FilesPreview> {
  const parsed = parseFileList(await source.read(0, source.sizeBytes));
  if (typeof parsed === "string") throw new DecodeError("directory", `the list of files ${parsed}`);
  const { files = [] } = parsed;
  const shown: FilesPreview["files"][number][] = [];
  for (const { path, sizeBytes, digest } of files) {
    if (room.isFull) break;
    room.take(digest.length);
    shown.push({ path: room.text(path, 1000), sizeBytes, digest });
  }
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { kind: "files", files: shown, fileCount: files.length, totalBytes };
}

/** Returns the bytes up to the end of the last complete line. */
function wholeLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.lastIndexOf(10) + 1);
}

/** Returns the limits for decoding a payload of at most `maxReadBytes`. */
function decodeLimits({ limits }: Room): DecodeLimits {
  return { maxBytes: 16 * limits.maxReadBytes, maxDepth: 200, maxNodes: 1_000_000, maxRatio: 1000 };
}

/**
 * A source may read this many times `maxReadBytes`, since the first rows of a table may be in a
 * part that is as large as the table.
 */
const READS = 4;

/** Ends a preview that would read much more than its limit. */
class BoundedSource implements PayloadSource {
  readonly sizeBytes: number;
  readonly #source: PayloadSource;
  #leftBytes: number;

  constructor(source: PayloadSource, { limits }: Room) {
    this.#source = source;
    this.sizeBytes = source.sizeBytes;
    this.#leftBytes = READS * limits.maxReadBytes;
  }

  read(start: number, end: number): Promise<Uint8Array> {
    this.#leftBytes -= Math.max(0, Math.min(end, this.sizeBytes) - start);
    if (this.#leftBytes < 0)
      return Promise.reject(
        new RangeError("Its first rows are more than a preview reads. Load a part with readTable."),
      );
    return this.#source.read(start, end);
  }

  stream(): AsyncIterable<Uint8Array> {
    return this.#source.stream();
  }

  localFile(): Promise<string> {
    return this.#source.localFile();
  }
}
