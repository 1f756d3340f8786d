import { visibleText } from "../../errors/visible-text.ts";
import { CommandError } from "../core/command-error.ts";
import type { Session } from "../core/session.ts";

/** Flags of the commands that print tables as files do. */
export interface TableFileFlags {
  readonly csv?: boolean | undefined;
  readonly arrow?: boolean | undefined;
}

/**
 * Prints rows as CSV, with the names of the columns first, or as an Arrow IPC stream. A file or a
 * pipe gets the texts as they are, and a terminal gets them escaped.
 *
 * @returns whether the flags ask for either
 */
export async function printTableFile(
  session: Session,
  { csv, arrow }: TableFileFlags,
  columns: readonly string[],
  rows: readonly object[],
): Promise<boolean> {
  const { stdout } = session.streams;
  if (arrow === true && stdout.isTTY === true)
    throw new CommandError("Arrow is not for a terminal.", { hint: "Send it to a file: --arrow > study.arrows" });
  if (arrow !== true && csv !== true) return false;
  const { ArtifactTable } = await import("../../pipeline/collect/artifact-table.ts");
  const table = new ArtifactTable(rows, columns);
  if (arrow === true) stdout.write(await table.toArrow());
  else stdout.write(stdout.isTTY === true ? visibleText(table.toCsv()) : table.toCsv());
  return true;
}

/** The columns of all rows, in the order in which they first appear. */
export function columnsOfRows(rows: readonly object[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}
