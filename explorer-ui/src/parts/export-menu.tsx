import { useRef } from "react";
import { isFile } from "../exported/exported-data.ts";
import { useShortcuts } from "../keyboard/shortcuts.ts";
import { download } from "./download.ts";
import { TABLE_FORMATS, type TableFormat, type TextTable, tableFile } from "./table/table-text.ts";

/** One more thing that the menu offers, such as a drawing. */
export interface ExportItem {
  readonly title: string;
  /** A file of the server, or a file that is made here. */
  readonly get: string | (() => void);
}

/**
 * The files that a table or a drawing can be taken away as. `e` opens it where it is the page's.
 */
export function ExportMenu({
  name,
  table,
  fileUrl,
  items = [],
  isMain = false,
}: {
  readonly name: string;
  readonly table?: () => TextTable;
  /** Set if the server makes the file: it knows rows that the page has not loaded. */
  readonly fileUrl?: (format: TableFormat) => string;
  readonly items?: readonly ExportItem[];
  readonly isMain?: boolean;
}) {
  const menu = useRef<HTMLDetailsElement>(null);
  function toggle(): void {
    menu.current?.toggleAttribute("open");
    menu.current?.querySelector("summary")?.focus();
  }
  useShortcuts({ e: isMain ? toggle : undefined });
  const tables = TABLE_FORMATS.flatMap((format): ExportItem[] => {
    const title = { csv: "CSV", json: "JSON", md: "Markdown" }[format];
    if (fileUrl !== undefined) return [{ title, get: fileUrl(format) }];
    return table === undefined ? [] : [{ title, get: () => download(`${name}.${format}`, tableFile(table(), format)) }];
  });
  return (
    <details className="menu" ref={menu}>
      <summary>Export</summary>
      <ul>
        {[...tables, ...items].map(({ title, get }) => (
          <li key={title}>
            {typeof get === "string" && !isFile ? (
              <a href={get} download="">
                {title}
              </a>
            ) : (
              <button type="button" onClick={typeof get === "string" ? () => void saveFromFile(get) : get}>
                {title}
              </button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Without a server, the page itself makes the file. */
async function saveFromFile(url: string): Promise<void> {
  const { fileFromFile } = await import("../exported/exported-answers.ts");
  const { name, content } = await fileFromFile(url);
  download(name, content);
}
