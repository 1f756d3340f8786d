import { useMemo } from "react";
import type { Column } from "../table/column.ts";
import { DataTable } from "../table/data-table.tsx";
import type { TextTable } from "../table/table-text.ts";

type Cells = readonly string[];

/** The table that says the same as a drawing. */
export function TextTableView({
  title,
  table: { titles, rows },
}: {
  readonly title: string;
  readonly table: TextTable;
}) {
  const columns = useMemo(
    () =>
      titles.map(
        (name, index): Column<Cells> => ({ id: `${index} ${name}`, title: name, text: (row) => row[index] ?? "" }),
      ),
    [titles],
  );
  return <DataTable title={title} columns={columns} rows={rows} keyOf={(_, index) => String(index)} />;
}
