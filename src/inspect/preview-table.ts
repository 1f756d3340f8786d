import type { DecodeLimits, SelectColumns } from "../format/format.ts";
import type { PayloadSource } from "../format/payload-source.ts";
import type { ColumnPreview, ColumnStatistics, TablePreview } from "../format/preview.ts";
import { type Column, MARK } from "../table/column.ts";
import type { ColumnTable } from "../table/column-table.ts";
import { cellAt } from "../table/read-cell.ts";
import { textOfValue } from "./preview-tree.ts";
import type { Room } from "./room.ts";
import { statisticsOf } from "./statistics.ts";

/** Statistics of more rows would hardly differ. */
const MOST_ROWS = 100_000;

/** Previews a table of which only some rows are read. */
export async function previewColumns(
  source: PayloadSource,
  select: SelectColumns,
  decodeLimits: DecodeLimits,
  room: Room,
): Promise<TablePreview> {
  const isSmall = source.sizeBytes <= room.limits.maxReadBytes;
  const rows = { start: 0, end: isSmall ? MOST_ROWS : room.limits.maxRows };
  return previewTable(await select(source, { rows }, decodeLimits), room, (read) => read < rows.end);
}

/** Previews a table in memory; `isWhole` says whether it has all rows of the payload. */
export function previewTable(table: ColumnTable, room: Room, isWhole: (rows: number) => boolean): TablePreview {
  const { limits } = room;
  const shown = table.columns.slice(0, limits.maxColumns);
  const rows: (string | null)[][] = [];
  for (let row = 0; row < Math.min(table.rowCount, limits.maxRows) && !room.isFull; row++)
    rows.push(shown.map((column) => cellText(column, row, room)));
  return {
    kind: "table",
    columns: shown.map((column) => previewColumn(column, table.rowCount, room)),
    columnCount: table.columns.length,
    rows,
    ...(isWhole(table.rowCount) ? { rowCount: table.rowCount } : {}),
  };
}

function cellText(column: Column, row: number, room: Room): string | null {
  if (isMissing(column, row)) return null;
  return room.text(textOfValue(cellAt(column, row)));
}

function isMissing(column: Column, row: number): boolean {
  return column.marks !== undefined && column.marks[row] !== MARK.present;
}

function previewColumn(column: Column, rowCount: number, room: Room): ColumnPreview {
  return {
    name: room.text(column.name),
    type: column.type,
    statistics: columnStatistics(column, Math.min(rowCount, MOST_ROWS), room),
  };
}

function columnStatistics(column: Column, count: number, room: Room): ColumnStatistics {
  const { values, type } = column;
  if (ArrayBuffer.isView(values)) {
    const valueAt = (row: number): number | bigint | undefined => (isMissing(column, row) ? undefined : values[row]);
    return statisticsOf(count, valueAt, room, type === "date" ? describeTime : String);
  }
  let missing = 0;
  for (let row = 0; row < count; row++) if (isMissing(column, row) || values[row] == null) missing += 1;
  return { count, missing };
}

function describeTime(time: number | bigint): string {
  return textOfValue(new Date(Number(time)));
}
