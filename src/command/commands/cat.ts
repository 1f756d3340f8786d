import { isUtf8 } from "node:buffer";
import { writeFileSync } from "node:fs";
import { visibleText } from "../../errors/visible-text.ts";
import { encodeCsv } from "../../format/csv/encode-csv.ts";
import { tryTableOfRows } from "../../format/tabular/table-of-rows.ts";
import type { OpenedArtifact } from "../../inspect/open-artifact.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { encodeJson } from "../core/json-output.ts";
import { openArgument } from "../core/open-argument.ts";
import type { CommonFlags, Session } from "../core/session.ts";
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
  const bytes = await bytesOf(artifact, session.isJson ? { ...flags, as: "json" } : flags);
  if (flags.output !== undefined) {
    writeFileSync(flags.output, bytes);
    session.note(`${flags.output} is written.`);
    return ExitCode.done;
  }
  const { stdout } = session.streams;
  if (stdout.isTTY !== true) stdout.write(bytes);
  else if (isUtf8(bytes)) stdout.write(visibleText(Buffer.from(bytes).toString("utf8")));
  else
    throw new CommandError(`The payload is not text: ${artifact.record.payload.format}.`, {
      hint: "Write it to a file with -o FILE, send it to a pipe, or print its value with --as json.",
    });
  return ExitCode.done;
}

async function bytesOf(artifact: OpenedArtifact, flags: CatFlags): Promise<Uint8Array> {
  const { as, columns, rows, file } = flags;
  if (as === "csv" || columns !== undefined || rows !== undefined) {
    const part = partOf(tableIn(await artifact.payload(), artifact.record.payload.format), flags);
    if (as === "json") return Buffer.from(`${encodeJson(part.toRows())}\n`);
    return Buffer.concat(encodeCsv(part, { delimiter: "," }));
  }
  if (as === "json") return Buffer.from(`${encodeJson(await artifact.payload())}\n`);
  return artifact.bytes(file === undefined ? {} : { file });
}

/** A table, or a list of plain objects as one. */
function tableIn(payload: unknown, format: string): ColumnTable {
  const table = Array.isArray(payload) ? tryTableOfRows(payload) : payload;
  if (table instanceof ColumnTable) return table;
  throw new CommandError(`The payload is not a table: ${format}.`, { hint: "Print its value with --as json." });
}

function partOf(table: ColumnTable, { columns, rows }: CatFlags): ColumnTable {
  const known = table.columns.map(({ name }) => name);
  const unknown = columns?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new CommandError(`The table has no column ${unknown}.${didYouMean(unknown, known)}`, {
      hint: `It has ${known.slice(0, 20).join(", ")}.`,
    });
  const selected: ColumnTable = columns === undefined ? table : table.select(columns);
  return selected.slice(rows?.start, rows?.end);
}
