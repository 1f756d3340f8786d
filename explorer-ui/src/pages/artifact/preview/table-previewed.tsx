import { useMemo, useState } from "react";
import type { ColumnPreview, TablePreview } from "../../../../../src/explorer/api.ts";
import { useAnswer } from "../../../api/use-answer.ts";
import { Bars } from "../../../parts/bars.tsx";
import type { Column } from "../../../parts/table/column.ts";
import { DataTable } from "../../../parts/table/data-table.tsx";
import { countOf, formatCount, formatNumber } from "../../../text/format.ts";

const SCHEMA: readonly Column<ColumnPreview>[] = [
  { id: "column", title: "column", text: ({ name }) => name },
  { id: "type", title: "type", text: ({ type }) => type },
  {
    id: "missing",
    title: "missing",
    text: ({ statistics }) => formatCount(statistics.missing),
    order: ({ statistics }) => statistics.missing,
    isNumeric: true,
  },
  { id: "min", title: "min", text: ({ statistics }) => statistics.min ?? "" },
  { id: "max", title: "max", text: ({ statistics }) => statistics.max ?? "" },
  {
    id: "mean",
    title: "mean",
    text: ({ statistics: { mean } }) => (mean === undefined ? "" : formatNumber(mean)),
    order: ({ statistics }) => statistics.mean,
    isNumeric: true,
  },
  {
    id: "values",
    title: "values",
    text: ({ statistics: { histogram = [] } }) => histogram.join(" "),
    show: ({ name, statistics: { histogram, min, max } }) =>
      histogram === undefined ? "" : <Bars counts={histogram} label={`${name} from ${min} to ${max}`} />,
  },
];

type Cells = readonly (string | null)[];
const WINDOW = 100;

/**
 * The columns with their statistics, then rows: the first ones at once, any others by their number.
 */
export function TablePreviewed({ preview, address }: { readonly preview: TablePreview; readonly address: string }) {
  const { columns, columnCount, rows, rowCount } = preview;
  const [offset, setOffset] = useState<number>();
  const asked = useAnswer("/api/table", offset === undefined ? undefined : { address, offset, limit: WINDOW });
  const shown = asked.answer ?? { rows, columns, offset: 0 };
  const cells = useMemo(
    () =>
      shown.columns.map(
        ({ name }, index): Column<Cells> => ({
          id: `${index} ${name}`,
          title: name,
          text: (row) => row[index] ?? "",
          order: (row) => numberOr(row[index]),
        }),
      ),
    [shown.columns],
  );
  const last = rowCount === undefined ? undefined : Math.max(0, rowCount - WINDOW);
  return (
    <>
      <DataTable
        title="Columns"
        columns={SCHEMA}
        rows={columns}
        total={columnCount}
        keyOf={({ name }, index) => `${index} ${name}`}
      />
      <DataTable
        title="Rows"
        columns={cells}
        rows={shown.rows}
        total={rowCount ?? shown.rows.length}
        keyOf={(_, index) => String(index)}
        note={
          last === undefined || last === 0 ? null : (
            <label className="small">
              from row{" "}
              <input
                type="number"
                min={0}
                max={last}
                step={WINDOW}
                value={offset ?? 0}
                onChange={({ target }) => setOffset(Math.min(last, Math.max(0, target.valueAsNumber || 0)))}
              />
            </label>
          )
        }
      />
      {rowCount === undefined ? <p className="small">Only the beginning of the payload was read.</p> : null}
      {asked.error === undefined ? null : <p className="small">{asked.error.message}</p>}
      {columns.length < columnCount ? (
        <p className="small">
          {columns.length} of {countOf(columnCount, "column")} are shown.
        </p>
      ) : null}
    </>
  );
}

function numberOr(text: string | null | undefined): number | string | undefined {
  if (text === null || text === undefined) return undefined;
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
