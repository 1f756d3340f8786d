import { ArtifactTable } from "../../pipeline/collect/artifact-table.ts";
import type { Session } from "../core/session.ts";

/** Prints rows as CSV, with the names of the columns first. */
export function printCsv(session: Session, columns: readonly string[], rows: readonly object[]): void {
  session.streams.stdout.write(new ArtifactTable(rows, columns).toCsv());
}

/** The columns of all rows, in the order in which they first appear. */
export function columnsOfRows(rows: readonly object[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}
