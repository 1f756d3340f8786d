import { describeAge, describeValue } from "../../artifact/explain/miss.ts";
import { openCatalog } from "../../catalog/open/open-catalog.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { describeDuration } from "../../util/describe.ts";
import { describeBytes } from "../../util/describe-bytes.ts";
import { ExitCode } from "../core/command-error.ts";
import { dataDirOf } from "../core/open-argument.ts";
import { withProgress } from "../core/progress.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { columnsOfRows, printCsv } from "../text/csv-text.ts";
import { flatParams } from "../text/flat-params.ts";
import { tableLines } from "../text/table-lines.ts";

interface LsFlags extends CommonFlags {
  readonly sort?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly allColumns?: boolean | undefined;
  readonly count?: boolean | undefined;
  readonly csv?: boolean | undefined;
}

/** A screenful; `-n` asks for more. */
const LIMIT = 50;

export async function ls(session: Session, flags: LsFlags, ...terms: readonly string[]): Promise<number> {
  const catalog = openCatalog(dataDirOf(session));
  const { limit = LIMIT, sort, columns } = flags;
  try {
    const found = await withProgress(session, "reading records", () =>
      catalog.find(terms, { limit: flags.count === true ? 0 : limit, sort, columns }),
    );
    if (session.isJson) session.json("artifacts", { total: found.total, artifacts: found.artifacts });
    else if (flags.count === true) session.line(String(found.total));
    else if (flags.csv === true) printEntriesAsCsv(session, found.artifacts);
    else printTable(session, found.artifacts, found.total, flags);
    return ExitCode.done;
  } finally {
    await catalog.close();
  }
}

function printTable(session: Session, entries: readonly CatalogEntry[], total: number, flags: LsFlags): void {
  if (entries.length === 0) {
    session.note("No artifact fits.");
    return;
  }
  const values = entries.map(
    ({ params, summary }) =>
      new Map([
        ...flatParams(params),
        ...flatParams(summary).map(([path, value]) => [`summary.${path}`, value] as const),
      ]),
  );
  const columns = flags.columns ?? columnsOf(values, flags.allColumns === true);
  const rows = entries.map((entry, i) => [
    entry.address.slice(0, 8),
    entry.name,
    ...columns.map((column) => shown(values[i]?.get(column))),
    entry.createdAt === undefined ? "" : describeAge(Date.now() - Date.parse(entry.createdAt)),
    entry.state === "present" ? describeDuration(entry.durationMs ?? 0) : entry.state,
    entry.sizeBytes === undefined ? "" : describeBytes(entry.sizeBytes),
  ]);
  const [head = "", ...lines] = tableLines(["address", "name", ...columns, "made", "took", "size"], rows);
  session.lines([session.paint("bold", head), ...lines]);
  if (total > entries.length) session.note(`${entries.length} of ${total}: -n shows more.`);
}

/** Prints everything that the catalogue knows of each, whatever a terminal would show. */
function printEntriesAsCsv(session: Session, entries: readonly CatalogEntry[]): void {
  const rows = entries.map((entry) => {
    const { params, summary, cost = {}, dependencies: _, ...facts } = entry;
    return Object.fromEntries([...Object.entries(facts), ...flatParams({ ...params, summary, cost })]);
  });
  printCsv(session, columnsOfRows(rows), rows);
}

function shown(value: unknown): string {
  return value === undefined ? "" : typeof value === "string" ? value : describeValue(value);
}

/** The columns of all entries; those with one value everywhere tell nothing, and are left out. */
function columnsOf(values: readonly ReadonlyMap<string, unknown>[], isAll: boolean): readonly string[] {
  const all = [...new Set(values.flatMap((row) => [...row.keys()]))];
  if (isAll || values.length < 2) return all;
  return all.filter((column) => new Set(values.map((row) => JSON.stringify(row.get(column)))).size > 1);
}
