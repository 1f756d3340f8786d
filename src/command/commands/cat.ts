import { isUtf8 } from "node:buffer";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { InvalidColumnTableError } from "../../errors/format-errors.ts";
import { visibleText } from "../../errors/visible-text.ts";
import { encodeCsv } from "../../format/csv/encode-csv.ts";
import type { OpenedArtifact } from "../../inspect/open-artifact.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { encodeJson } from "../core/json-output.ts";
import { openArgument } from "../core/open-argument.ts";
import type { CommonFlags, OutputStream, Session } from "../core/session.ts";
import { didYouMean } from "../core/suggest.ts";

interface CatFlags extends CommonFlags {
  readonly as?: "raw" | "json" | "csv" | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly rows?: { readonly start?: number; readonly end?: number } | undefined;
  readonly output?: string | undefined;
  readonly file?: string | undefined;
}

export async function cat(session: Session, flags: CatFlags, text: string): Promise<number> {
  const artifact = await openArgument(session, text);
  const pieces = piecesOf(artifact, session.isJson ? { ...flags, as: "json" } : flags);
  if (flags.output === undefined) await print(session.streams.stdout, pieces, artifact);
  else {
    await writeFile(flags.output, pieces);
    session.note(`${flags.output} is written.`);
  }
  return ExitCode.done;
}

type Pieces = AsyncGenerator<Uint8Array>;

/** A terminal gets text with its control characters escaped; a pipe gets the bytes. */
async function print(stdout: OutputStream, pieces: Pieces, { record }: OpenedArtifact): Promise<void> {
  if (stdout.isTTY !== true) {
    for await (const piece of pieces)
      if (stdout.write(piece) === false) await new Promise<void>((resolve) => stdout.once?.("drain", resolve));
    return;
  }
  const bytes = Buffer.concat(await collected(pieces));
  if (!isUtf8(bytes))
    throw new CommandError(`The payload is not text: ${record.payload.format}.`, {
      hint: "Write it to a file with -o FILE, send it to a pipe, or print its value with --as json.",
    });
  stdout.write(visibleText(bytes.toString("utf8")));
}

/** If the payload cannot be read, no file is overwritten, and no partial file is left. */
async function writeFile(path: string, pieces: Pieces): Promise<void> {
  const first = await pieces.next();
  const file = openSync(path, "w");
  try {
    if (first.done !== true) writeWhole(file, first.value);
    for await (const piece of pieces) writeWhole(file, piece);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

async function* piecesOf(artifact: OpenedArtifact, flags: CatFlags): Pieces {
  const { as, columns, rows, file } = flags;
  if (as === "csv" || columns !== undefined || rows !== undefined) {
    const table = await tableIn(artifact, flags);
    if (as === "json") yield Buffer.from(`${encodeJson(table.toRows())}\n`);
    else yield* encodeCsv(table, { delimiter: "," });
  } else if (as === "json") yield Buffer.from(`${encodeJson(await artifact.payload())}\n`);
  else if (file !== undefined) yield await artifact.bytes({ file });
  else yield* bytesOf(artifact);
}

/**
 * If each chunk of a big payload has its own digest, the payload is verified and printed in pieces
 * of this size.
 */
const PIECE_BYTES = 8 * 1024 * 1024;

async function* bytesOf(artifact: OpenedArtifact): Pieces {
  const { sizeBytes, chunks } = artifact.record.payload;
  if (chunks === undefined) yield await artifact.bytes();
  else
    for (let start = 0; start < sizeBytes; start += PIECE_BYTES)
      yield await artifact.bytes({ range: { start, end: Math.min(sizeBytes, start + PIECE_BYTES) } });
}

/** Reads a part of a table, and no other part if the format allows that. */
async function tableIn(artifact: OpenedArtifact, { columns, rows }: CatFlags): Promise<ColumnTable> {
  const { start = 0, end = Number.POSITIVE_INFINITY } = rows ?? {};
  // Rows that are counted from the end need all rows, of these columns.
  const isCountedFromEnd = start < 0 || end < 0;
  try {
    const table = await artifact.table({ columns, ...(isCountedFromEnd ? {} : { rows: { start, end } }) });
    if (table !== undefined) return isCountedFromEnd ? table.slice(rows?.start, rows?.end) : table;
  } catch (error) {
    if (!(error instanceof InvalidColumnTableError)) throw error;
    throw await unknownColumn(artifact, columns ?? [], error);
  }
  throw new CommandError(`The payload is not a table: ${artifact.record.payload.format}.`, {
    hint: "Print its value with --as json.",
  });
}

async function unknownColumn(
  artifact: OpenedArtifact,
  columns: readonly string[],
  cause: InvalidColumnTableError,
): Promise<CommandError> {
  const known = (await artifact.table({ rows: { start: 0, end: 0 } }))?.columns.map(({ name }) => name) ?? [];
  const unknown = columns.find((name) => !known.includes(name));
  if (unknown === undefined) return new CommandError(cause.message, { cause });
  return new CommandError(`The table has no column ${unknown}.${didYouMean(unknown, known)}`, {
    hint: `It has ${known.slice(0, 20).join(", ")}.`,
  });
}
