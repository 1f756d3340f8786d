/** A row of docs/options.md. */
interface OptionRow {
  readonly name: string;
  readonly type: string;
  readonly default: string;
}

/** A table of docs/options.md, and the types that it is about. */
export interface OptionTable {
  readonly owner: string;
  /** The types whose options stand in other tables. */
  readonly beyond: readonly string[];
  /** Any part of the type may be given, so that nothing is needed. */
  readonly isPartial: boolean;
  readonly rows: readonly OptionRow[];
}

const TABLE = /^<!-- options of (\w+)(?: beyond ([\w ]+?))?( in part)? -->\n((?:\|.*\n)+)/gm;

/** The tables of docs/options.md, each of which follows a comment that says what it is about. */
export function optionTables(page: string): OptionTable[] {
  return [...page.matchAll(TABLE)].map(([, owner = "", beyond = "", part, table = ""]) => ({
    owner,
    beyond: beyond.split(" ").filter((name) => name !== ""),
    isPartial: part !== undefined,
    rows: rowsOf(table),
  }));
}

/** The rows of a table in Markdown below its head. */
export function rowsOf(table: string): OptionRow[] {
  const cells = table
    .trim()
    .split("\n")
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  return cells.slice(2).map(([, name = "", type = "", written = ""]) => ({
    name: name.replaceAll("`", ""),
    type,
    default: written,
  }));
}
