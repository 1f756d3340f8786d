import { columnSizingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import type { ArtifactRow, ArtifactsAnswer } from "../../../../src/explorer/api.ts";
import type { WindowedRows } from "../../api/use-windows.ts";
import { Link } from "../../location/link.tsx";
import { artifactUrl, nameUrl } from "../../location/pages.ts";
import { StateMark } from "../../parts/state-mark.tsx";
import { SortSign } from "../../parts/table/data-table.tsx";
import { SpaceRow } from "../../parts/table/space-row.tsx";
import { useRowsOnScreen } from "../../parts/table/use-rows-on-screen.ts";
import { formatTime } from "../../text/format.ts";
import { type ArtifactColumn, artifactColumns } from "./columns.ts";

const features = tableFeatures({ columnSizingFeature });
const CHOOSE_WIDTH = 40;

interface ArtifactGridProps {
  readonly rows: WindowedRows<ArtifactsAnswer>;
  readonly fields: readonly string[];
  readonly sort: string;
  readonly active: number;
  readonly chosen: ReadonlySet<string>;
  readonly onActive: (index: number) => void;
  readonly onSort: (sort: string) => void;
  readonly onChoose: (row: ArtifactRow) => void;
}

/**
 * The artifacts of a query: as many as there are, with only those on the screen in the document.
 */
export function ArtifactGrid({ rows, fields, sort, active, chosen, onActive, onSort, onChoose }: ArtifactGridProps) {
  const scrollRef = useRef<HTMLDivElement>(null);
  const total = rows.answer?.total ?? 0;
  const { indexes, above, below, scrollTo } = useRowsOnScreen(total, scrollRef);
  const [first = 0, last = 0] = [indexes[0], indexes.at(-1)];
  const shown = indexes.map((index) => rows.rowAt(index));
  // Widths follow the rows that came first, so that they do not jump while the reader scrolls.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another list of fields or its first rows change them.
  const columns = useMemo(() => artifactColumns(fields, shown), [fields, rows.answer?.query, shown.length > 0]);
  const table = useTable({
    features,
    data: shown.filter((row) => row !== undefined),
    columns: useMemo(() => columns.map(({ field, width }) => ({ id: field, size: width })), [columns]),
  });

  useEffect(() => rows.show(first, last), [first, last, rows.show]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the view follows the active row, and nothing else.
  useEffect(() => scrollTo(active), [active]);

  const screen = Math.max(1, indexes.length - 12);
  const moves: Readonly<Record<string, number | undefined>> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + screen,
    PageUp: active - screen,
    Home: 0,
    End: total - 1,
  };
  function press(event: KeyboardEvent): void {
    const target = moves[event.key];
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onActive(Math.max(0, Math.min(total - 1, target)));
  }

  return (
    <div className="scroll grid" ref={scrollRef}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows are moved through is a grid.
        role="grid"
        aria-label="Artifacts"
        aria-rowcount={total + 1}
        aria-multiselectable="true"
        aria-activedescendant={shown.length > 0 ? `row-${active}` : undefined}
        tabIndex={0}
        onKeyDown={press}
        style={{ width: table.getTotalSize() + CHOOSE_WIDTH }}
      >
        <colgroup>
          <col style={{ width: CHOOSE_WIDTH }} />
          {table.getAllColumns().map((column) => (
            <col key={column.id} style={{ width: column.getSize() }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <td />
            {columns.map((column) => (
              <HeaderCell key={column.field} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <SpaceRow height={above} columns={columns.length + 1} />
          {indexes.map((index, place) => (
            <GridRow
              key={index}
              index={index}
              row={shown[place]}
              columns={columns}
              isActive={index === active}
              isChosen={chosen.has(shown[place]?.address.slice(0, 8) ?? "")}
              onActive={onActive}
              onChoose={onChoose}
            />
          ))}
          <SpaceRow height={below} columns={columns.length + 1} />
        </tbody>
      </table>
    </div>
  );
}

function HeaderCell({
  column: { field, title, isNumeric },
  sort,
  onSort,
}: {
  readonly column: ArtifactColumn;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}) {
  const direction = sort === field ? "asc" : sort === `-${field}` ? "desc" : false;
  const next = direction === false ? field : direction === "asc" ? `-${field}` : "";
  return (
    <th
      scope="col"
      data-numeric={isNumeric}
      aria-sort={direction === false ? "none" : direction === "asc" ? "ascending" : "descending"}
    >
      <button type="button" title={title} tabIndex={-1} onClick={() => onSort(next)}>
        {title}
        <SortSign direction={direction} />
      </button>
    </th>
  );
}

interface GridRowProps {
  readonly index: number;
  /** Absent until its window has come. */
  readonly row: ArtifactRow | undefined;
  readonly columns: readonly ArtifactColumn[];
  readonly isActive: boolean;
  readonly isChosen: boolean;
  readonly onActive: (index: number) => void;
  readonly onChoose: (row: ArtifactRow) => void;
}

function GridRow({ index, row, columns, isActive, isChosen, onActive, onChoose }: GridRowProps) {
  const attributes = { id: `row-${index}`, "aria-rowindex": index + 2, "data-active": isActive };
  if (row === undefined) {
    return (
      <tr {...attributes}>
        <td colSpan={columns.length + 1} className="small">
          …
        </td>
      </tr>
    );
  }
  return (
    // The keys of the grid do the same.
    <tr {...attributes} aria-selected={isChosen} onClick={() => onActive(index)}>
      <td>
        <input
          type="checkbox"
          tabIndex={-1}
          checked={isChosen}
          aria-label={`Choose ${row.name} ${row.address.slice(0, 8)}`}
          onChange={() => onChoose(row)}
        />
      </td>
      {columns.map((column) => (
        <td key={column.field} data-numeric={column.isNumeric} title={titleOf(column, row)}>
          <GridCell column={column} row={row} />
        </td>
      ))}
    </tr>
  );
}

function GridCell({ column, row }: { readonly column: ArtifactColumn; readonly row: ArtifactRow }) {
  if (column.field === "address") {
    return (
      <Link className="mono" href={artifactUrl(row.address)} tabIndex={-1}>
        {column.text(row)}
      </Link>
    );
  }
  if (column.field === "name") {
    return (
      <Link href={nameUrl(row.name)} tabIndex={-1}>
        {row.name}
      </Link>
    );
  }
  return column.field === "state" ? <StateMark state={row.state} /> : column.text(row);
}

function titleOf(column: ArtifactColumn, row: ArtifactRow): string {
  if (column.field === "created") return formatTime(row.createdAt);
  return column.field === "state" ? (row.problem ?? "") : column.text(row);
}
