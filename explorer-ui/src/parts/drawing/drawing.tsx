import { type ReactNode, useRef } from "react";
import { useShortcuts } from "../../keyboard/shortcuts.ts";
import { changeParams, useLocation } from "../../location/location.ts";
import { download } from "../download.ts";
import { type ExportItem, ExportMenu } from "../export-menu.tsx";
import type { TextTable } from "../table/table-text.ts";
import { svgFile } from "./svg-file.ts";
import { TextTableView } from "./text-table-view.tsx";

/**
 * A drawing with a text that says the same in a sentence, and a table that says it in numbers: `t`
 * changes between them for the whole page.
 */
export function Drawing({
  title,
  summary,
  table,
  items = [],
  hasSvg = true,
  note,
  children,
}: {
  readonly title: string;
  readonly summary: string;
  readonly table: TextTable;
  readonly items?: readonly ExportItem[];
  /** Whether the drawing is an SVG, which can be saved as it is. */
  readonly hasSvg?: boolean;
  readonly note?: ReactNode;
  readonly children: ReactNode;
}) {
  const { params } = useLocation();
  const place = useRef<HTMLDivElement>(null);
  const isTable = params.get("t") === "1";
  const toggle = () => changeParams({ t: isTable ? undefined : "1" });
  useShortcuts({ t: toggle });
  const name = title.replaceAll(" ", "-").toLowerCase();
  function saveSvg(): void {
    const svg = place.current?.querySelector("svg");
    if (svg !== null && svg !== undefined) download(`${name}.svg`, svgFile(svg));
  }
  return (
    <figure className="drawing" aria-label={`${title}: ${summary}`}>
      <header>
        <h2>{title}</h2>
        {note}
        <button type="button" aria-pressed={isTable} onClick={toggle}>
          As a table
        </button>
        <ExportMenu
          name={name}
          table={() => table}
          items={isTable || !hasSvg ? items : [{ title: "SVG", get: saveSvg }, ...items]}
        />
      </header>
      {isTable ? <TextTableView title={title} table={table} /> : <div ref={place}>{children}</div>}
      <figcaption className="small">{summary}</figcaption>
    </figure>
  );
}
