import { textOf } from "../../catalog/query/operand.ts";
import { bytesSource } from "../../inspect/bytes-source.ts";
import type { OpenedArtifact } from "../../inspect/open-artifact.ts";
import { previewOf } from "../../inspect/preview-of.ts";
import { RequestRefusal } from "../http/request-refusal.ts";
import type { PreviewAnswer, TableAnswer, VerifyAnswer } from "../shapes/artifact-shapes.ts";
import { openFound } from "./artifact.ts";
import { type Asked, notFound, unescaped } from "./asked.ts";
import type { ExploredStore } from "./explored-store.ts";
import { toJson } from "./to-json.ts";

/** The bytes of a payload, to be sent piece by piece. */
export interface PayloadDownload {
  readonly fileName: string;
  /** Set for a picture that may be shown. */
  readonly mediaType?: string;
  readonly sizeBytes: number;
  pieces(): AsyncIterable<Uint8Array>;
}

const PIECE_BYTES = 8 * 1024 * 1024;
/** A payload that can only be verified as a whole is read into memory. */
const MAX_WHOLE_BYTES = 256 * 1024 * 1024;
const MAX_IMAGE_BYTES = 32 * 1024 * 1024;
const MAX_TABLE_COLUMNS = 100;
/** Tables of these formats are read in parts. */
const READ_IN_PARTS = /^(?:table|parquet|arrow)(?:\(|$)/;
/** Any other table is decoded as a whole for each window. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;
/** More characters of one cell are not shown. */
const MAX_CELL_LENGTH = 1000;

/** Answers `/api/preview`. */
export async function answerPreview(
  explored: ExploredStore,
  asked: Asked,
  signal: AbortSignal,
): Promise<PreviewAnswer> {
  const startMs = performance.now();
  const artifact = await openFound(explored, asked.address(), signal);
  const { address } = artifact.record;
  const file = fileOf(asked);
  const preview =
    file === undefined
      ? await artifact.preview()
      : await previewOf("bytes", bytesSource(await artifact.bytes({ file: await knownFile(artifact, file) })));
  const at = file === undefined ? "" : `&file=${encodeURIComponent(file)}`;
  return {
    address,
    ...(file === undefined ? {} : { file }),
    preview,
    ...(preview.kind === "image" ? { image: `/api/image?address=${address}${at}` } : {}),
    tookMs: performance.now() - startMs,
  };
}

/** Answers `/api/table`. */
export async function answerTable(explored: ExploredStore, asked: Asked, signal: AbortSignal): Promise<TableAnswer> {
  const artifact = await openFound(explored, asked.address(), signal);
  const { offset, limit } = asked.part();
  const { sizeBytes, format } = artifact.record.payload;
  const isWithinLimits = READ_IN_PARTS.test(format) || sizeBytes <= MAX_TABLE_BYTES;
  const head = isWithinLimits ? await artifact.table({ rows: { start: 0, end: 0 } }) : undefined;
  if (head === undefined)
    throw new RequestRefusal(
      "EXPLORER_NOT_POSSIBLE",
      `The payload is not a table that can be read in parts (${format}, ${sizeBytes} bytes).`,
      "Download the payload, or print it with `persistable cat`.",
    );
  const types = new Map(head.columns.map(({ name, type }) => [name, type]));
  const given = asked.texts("columns").map(unescaped);
  const wanted = given.length === 0 ? [...types.keys()] : given.filter((name) => types.has(name));
  const columns = wanted.slice(0, MAX_TABLE_COLUMNS);
  const part = await artifact.table({ columns, rows: { start: offset, end: offset + limit } });
  const total = await artifact.table({ columns: [] });
  return {
    columns: columns.map((name) => ({ name, type: types.get(name) ?? "" })),
    columnCount: types.size,
    total: total?.rowCount ?? 0,
    offset,
    rows: (part?.toRows() ?? []).map((row) => columns.map((name) => cellText(row[name]))),
  };
}

function cellText(value: unknown): string | null {
  return value === undefined || value === null ? null : textOf(toJson(value)).slice(0, MAX_CELL_LENGTH);
}

/** Answers `/api/verify`. */
export async function answerVerify(explored: ExploredStore, asked: Asked, signal: AbortSignal): Promise<VerifyAnswer> {
  const startMs = performance.now();
  const artifact = await openFound(explored, asked.address(), signal);
  return { ...(await artifact.verify()), tookMs: performance.now() - startMs };
}

/** Opens the bytes of `/api/payload`. */
export async function openPayload(
  explored: ExploredStore,
  asked: Asked,
  signal: AbortSignal,
): Promise<PayloadDownload> {
  const artifact = await openFound(explored, asked.address(), signal);
  const { name, address, payload } = artifact.record;
  const file = fileOf(asked);
  const fileName = `${name}-${address.slice(0, 8)}${file === undefined ? suffixOf(payload.file) : `-${file}`}`;
  if (file !== undefined || isReadAsWhole(artifact)) {
    if (payload.sizeBytes > MAX_WHOLE_BYTES)
      throw new RequestRefusal(
        "EXPLORER_NOT_POSSIBLE",
        `The payload has ${payload.sizeBytes} bytes, and is verified as a whole.`,
        "Write it into a file with `persistable cat ARTIFACT --as raw -o FILE`.",
      );
    const bytes = await artifact.bytes(file === undefined ? {} : { file: await knownFile(artifact, file) });
    return { fileName, sizeBytes: bytes.length, pieces: () => listed([bytes]) };
  }
  return { fileName, sizeBytes: payload.sizeBytes, pieces: () => piecesOf(artifact, signal) };
}

/** Opens the picture of `/api/image`: its first bytes decide what it is, never its name. */
export async function openImage(explored: ExploredStore, asked: Asked, signal: AbortSignal): Promise<PayloadDownload> {
  const artifact = await openFound(explored, asked.address(), signal);
  const file = fileOf(asked);
  const listedFile = file === undefined ? undefined : await knownFile(artifact, file);
  const isSmall = artifact.record.payload.sizeBytes <= MAX_IMAGE_BYTES;
  const bytes = isSmall ? await artifact.bytes(listedFile === undefined ? {} : { file: listedFile }) : new Uint8Array();
  const preview = bytes.length > MAX_IMAGE_BYTES ? undefined : await previewOf("bytes", bytesSource(bytes));
  if (preview?.kind !== "image")
    throw new RequestRefusal(
      "EXPLORER_NOT_POSSIBLE",
      `The payload is not a picture of at most ${MAX_IMAGE_BYTES} bytes.`,
      "Download the payload instead.",
    );
  const fileName = `${artifact.record.name}-${artifact.record.address.slice(0, 8)}`;
  return { fileName, mediaType: preview.mediaType, sizeBytes: bytes.length, pieces: () => listed([bytes]) };
}

function fileOf(asked: Asked): string | undefined {
  const file = asked.text("file");
  return file === undefined ? undefined : unescaped(file);
}

/** The name of a file only selects one of those that the payload lists. */
async function knownFile(artifact: OpenedArtifact, file: string): Promise<string> {
  const files = await artifact.files();
  const found = files.find(({ path }) => path === file);
  if (found !== undefined) return found.path;
  throw notFound(`The payload has no file ${JSON.stringify(file)}.`, "Its preview lists the files.");
}

function isReadAsWhole({ record }: OpenedArtifact): boolean {
  const { sizeBytes, chunks, file } = record.payload;
  return file === undefined || sizeBytes <= PIECE_BYTES || chunks === undefined;
}

async function* piecesOf(artifact: OpenedArtifact, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = artifact.record.payload;
  for (let start = 0; start < sizeBytes; start += PIECE_BYTES) {
    signal.throwIfAborted();
    yield await artifact.bytes({ range: { start, end: Math.min(sizeBytes, start + PIECE_BYTES) } });
  }
}

async function* listed(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function suffixOf(file: string | undefined): string {
  return /\.[a-z0-9.]{1,20}$/.exec(file ?? "")?.[0] ?? "";
}
