import {
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  type SortDirection,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { type ReactNode, useMemo, useRef } from "react";
import { formatCount } from "../../text/format.ts";
import { ExportMenu } from "../export-menu.tsx";
import { ScrollBox } from "../scroll-box.tsx";
import type { Column } from "./column.ts";
import { SpaceRow } from "./space-row.tsx";
import { useRowsOnScreen } from "./use-rows-on-screen.ts";

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

interface DataTableProps<Row extends RowData> {
  /** A name for the rows, which exported files have, too. */
  readonly title: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, index: number) => string;
  /** How many rows there are, where `rows` are only some of them. */
  readonly total?: number;
  readonly isMain?: boolean;
  readonly note?: ReactNode;
}

/**
 * A table of what the page has loaded: sortable, exported as text, with few rows in the document.
 */
export function DataTable<Row extends RowData>({
  title,
  columns,
  rows,
  keyOf,
  total = rows.length,
  isMain,
  note,
}: DataTableProps<Row>) {
  const scrollRef = useRef<HTMLElement>(null);
  const table = useTable({
    features,
    data: rows,
    columns: useMemo(() => columns.map(toDefinition), [columns]),
    getRowId: (row, index) => keyOf(row, index),
  });
  const sorted = table.getRowModel().rows;
  const { indexes, above, below } = useRowsOnScreen(sorted.length, scrollRef);
  const text = () => ({
    titles: columns.map((column) => column.title),
    rows: sorted.map((row) => columns.map((column) => column.text(row.original))),
  });
  return (
    <div className="data-table">
      <header>
        <h2>
          {title} <span className="small">{countText(rows.length, total)}</span>
        </h2>
        {note}
        <ExportMenu name={title.replaceAll(" ", "-").toLowerCase()} table={text} isMain={isMain ?? false} />
      </header>
      <ScrollBox label={title} scrollRef={scrollRef}>
        <table aria-rowcount={sorted.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {table.getFlatHeaders().map((header, index) => (
                <th
                  key={header.id}
                  scope="col"
                  aria-sort={ariaSort(header.column.getIsSorted())}
                  data-numeric={columns[index]?.isNumeric}
                >
                  <button type="button" onClick={header.column.getToggleSortingHandler()}>
                    {columns[index]?.title}
                    <SortSign direction={header.column.getIsSorted()} />
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <SpaceRow height={above} columns={columns.length} />
            {indexes.map((index) => {
              const row = sorted[index];
              if (row === undefined) return null;
              return (
                <tr key={row.id} aria-rowindex={index + 2}>
                  {columns.map((column) => (
                    <td key={column.id} data-numeric={column.isNumeric} title={column.text(row.original)}>
                      {column.show?.(row.original) ?? column.text(row.original)}
                    </td>
                  ))}
                </tr>
              );
            })}
            <SpaceRow height={below} columns={columns.length} />
          </tbody>
        </table>
      </ScrollBox>
    </div>
  );
}

function toDefinition<Row extends RowData>({ id, title, text, order = text }: Column<Row>) {
  return {
    id,
    header: title,
    accessorFn: (row: Row) => order(row),
    sortUndefined: "last" as const,
    sortFn: ({ getValue: one }: Sorted, { getValue: other }: Sorted, column: string) =>
      compare(one(column), other(column)),
  };
}

interface Sorted {
  getValue(column: string): unknown;
}

function compare(one: unknown, other: unknown): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

export function ariaSort(direction: SortDirection | false): "ascending" | "descending" | "none" {
  if (direction === false) return "none";
  return direction === "asc" ? "ascending" : "descending";
}

export function SortSign({ direction }: { readonly direction: SortDirection | false }) {
  return <span aria-hidden="true">{direction === false ? "" : direction === "asc" ? " ↑" : " ↓"}</span>;
}

function countText(shown: number, total: number): string {
  return shown === total ? formatCount(total) : `${formatCount(shown)} of ${formatCount(total)}`;
}
