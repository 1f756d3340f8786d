/** A table as cells of text, with the titles first. */
export interface TextTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const TABLE_FORMATS = ["csv", "json", "md"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

const MEDIA_TYPES = { csv: "text/csv", json: "application/json", md: "text/markdown" };

export function tableFile(table: TextTable, format: TableFormat): Blob {
  const text = { csv: csvOf, json: jsonOf, md: markdownOf }[format](table);
  return new Blob([text], { type: `${MEDIA_TYPES[format]};charset=utf-8` });
}

export function csvOf({ titles, rows }: TextTable): string {
  return [titles, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

/**
 * Spreadsheets read what begins like this as a formula, which a name or a param must not become.
 */
function csvCell(text: string): string {
  const safe = /^[=+@\t\r]/.test(text) || /^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function jsonOf({ titles, rows }: TextTable): string {
  const objects = rows.map((row) => Object.fromEntries(titles.map((title, index) => [title, row[index] ?? ""])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

export function markdownOf({ titles, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownCell).join(" | ")} |\n`;
  return line(titles) + line(titles.map(() => "---")) + rows.map(line).join("");
}

function markdownCell(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("|", "\\|")
    .replaceAll("<", "\\<")
    .replaceAll(/\s*\n\s*/g, " ");
}
