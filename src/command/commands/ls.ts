import { describeAgeOf } from "../../artifact/explain/describe-record.ts";
import { type Catalog, openCatalog } from "../../catalog/open/open-catalog.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { matches } from "../../catalog/query/matches.ts";
import { parseQuery } from "../../catalog/query/parse-query.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { openStore } from "../../store/open/open-store.ts";
import type { ReadableStore } from "../../store/store.ts";
import { describeDuration } from "../../util/describe.ts";
import { describeBytes } from "../../util/describe-bytes.ts";
import { ExitCode } from "../core/command-error.ts";
import { interruptible } from "../core/interruption.ts";
import { dataDirOf } from "../core/open-argument.ts";
import { withProgress } from "../core/progress.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { flatParams, shownValue } from "../text/flat-params.ts";
import { lastUseOf } from "../text/last-use.ts";
import { columnsOfRows, printTableFile, type TableFileFlags } from "../text/table-files.ts";
import { tableLines } from "../text/table-lines.ts";

interface LsFlags extends CommonFlags, TableFileFlags {
  readonly sort?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly allColumns?: boolean | undefined;
  readonly count?: boolean | undefined;
  readonly watch?: boolean | undefined;
}

/** By default a screenful is shown; `-n` asks for more. */
const LIMIT = 50;

export async function ls(session: Session, flags: LsFlags, ...terms: readonly string[]): Promise<number> {
  const catalog = openCatalog(dataDirOf(session));
  const { limit = LIMIT, sort, columns } = flags;
  try {
    const found = await withProgress(session, "reading records", () =>
      catalog.find(terms, { limit: flags.count === true ? 0 : limit, sort, columns }),
    );
    const store = openStore(dataDirOf(session));
    if (session.isJson) {
      const artifacts = found.artifacts.map((entry) => ({ ...entry, usedAt: lastUseOf(store, entry) }));
      session.json("artifacts", { total: found.total, artifacts });
    } else if (flags.count === true) session.line(String(found.total));
    else if (flags.csv === true || flags.arrow === true) await printFile(session, flags, found.artifacts);
    else await printTable(session, found.artifacts, found.total, flags, store);
    if (flags.watch === true) await interruptible((signal) => watch(session, catalog, terms, signal));
    return ExitCode.done;
  } finally {
    await catalog.close();
  }
}

async function printTable(
  session: Session,
  entries: readonly CatalogEntry[],
  total: number,
  flags: LsFlags,
  store: ReadableStore,
): Promise<void> {
  if (entries.length === 0) {
    const place = visibleLine(dataDirOf(session));
    session.note(`No artifact in ${place} fits; --data-dir names another place.`);
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
  const hasUse = flags.allColumns === true && store.localPath !== undefined;
  const rows = entries.map((entry, i) => [
    entry.address.slice(0, 8),
    entry.name,
    ...columns.map((column) => shownValue(values[i]?.get(column))),
    entry.createdAt === undefined ? "" : ageOf(entry.createdAt),
    ...(hasUse ? [ageOf(lastUseOf(store, entry) ?? "")] : []),
    entry.state === "present" ? describeDuration(entry.durationMs ?? 0) : entry.state,
    entry.sizeBytes === undefined ? "" : describeBytes(entry.sizeBytes),
  ]);
  const [head = "", ...lines] = await tableLines(
    ["address", "name", ...columns, "made", ...(hasUse ? ["used"] : []), "took", "size"],
    rows,
  );
  session.lines([session.paint("bold", head), ...lines]);
  if (total > entries.length) session.note(`${entries.length} of ${total}: -n shows more.`);
}

function ageOf(time: string): string {
  return time === "" ? "" : describeAgeOf(time);
}

/** Prints all fields of each artifact, even those that the list on a terminal leaves out. */
function printFile(session: Session, flags: LsFlags, entries: readonly CatalogEntry[]): Promise<boolean> {
  const rows = entries.map((entry) => {
    const { params, summary, cost = {}, dependencies: _, ...facts } = entry;
    return Object.fromEntries([...Object.entries(facts), ...flatParams({ ...params, summary, cost })]);
  });
  return printTableFile(session, flags, columnsOfRows(rows), rows);
}

/** Prints a line for each artifact that comes or goes, until the signal aborts. */
async function watch(session: Session, catalog: Catalog, terms: readonly string[], signal: AbortSignal): Promise<void> {
  const query = parseQuery(terms);
  for await (const { added, removed } of catalog.watch({ signal })) {
    const change = {
      added: added.filter((entry) => matches(query, entry)),
      removed: removed.filter((entry) => matches(query, entry)),
    };
    if (session.isJson && change.added.length + change.removed.length > 0) session.json("change", change);
    if (session.isJson) continue;
    for (const entry of change.removed) session.line(`- ${entry.address.slice(0, 8)} ${entry.name}`);
    for (const entry of change.added) session.line(`+ ${describeEntry(entry)}`);
  }
  signal.throwIfAborted();
}

function describeEntry({ address, name, params, state, durationMs = 0, sizeBytes }: CatalogEntry): string {
  const values = flatParams(params).map(([path, value]) => `${path} ${shownValue(value)}`);
  const end = state === "present" ? describeDuration(durationMs) : state;
  const size = sizeBytes === undefined ? [] : [describeBytes(sizeBytes)];
  return [`${address.slice(0, 8)} ${name}`, values.join(", "), end, ...size].filter((part) => part !== "").join("  ");
}

/**
 * Returns the columns to show. A column with the same value everywhere is left out, since it tells
 * nothing.
 */
function columnsOf(values: readonly ReadonlyMap<string, unknown>[], isAll: boolean): readonly string[] {
  const all = [...new Set(values.flatMap((row) => [...row.keys()]))];
  if (isAll || values.length < 2) return all;
  return all.filter((column) => new Set(values.map((row) => JSON.stringify(row.get(column)))).size > 1);
}
