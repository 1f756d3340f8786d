import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { textOf } from "../../catalog/query/operand.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import type { Json } from "../shapes/common.ts";
import { allValuesOf } from "./artifact-row.ts";
import { type Asked, unescaped } from "./asked.ts";
import type { ArtifactSource } from "./explored-store.ts";

/** Rows are found and written in parts, so that a file of any length needs little memory. */
const PART = 1000;
const FACTS = [
  "address",
  "name",
  "state",
  "createdAt",
  "durationMs",
  "sizeBytes",
  "format",
  "version",
  "draw",
] as const;

/** A file of all artifacts of a query, as text in parts. */
export interface ArtifactsFile {
  readonly fileName: string;
  readonly type: string;
  parts(): AsyncIterable<string>;
}

/** Opens the file of `/api/artifacts-file`. */
export async function openArtifactsFile(
  source: ArtifactSource,
  asked: Asked,
  signal: AbortSignal,
): Promise<ArtifactsFile> {
  const format = asked.oneOf("format", ["csv", "json", "md"]) ?? "csv";
  const query = asked.query();
  const sort = unescaped(asked.text("sort") ?? "");
  const given = asked.texts("columns").map(unescaped);
  const facets = given.length > 0 ? [] : await source.facets(query, { mostDistinct: 1 });
  const known = facets.map(({ field }) => field).filter((field) => !FACET_FACTS.has(field));
  const columns = given.length > 0 ? given : known;
  const order = sort === "" ? undefined : sort;
  // The first part is found before the head is sent, so that a wrong query is an error.
  const first = await source.find(query, { sort: order, limit: PART });
  async function* entries(): AsyncGenerator<CatalogEntry> {
    yield* first.artifacts;
    for (let offset = PART; offset < first.total; offset += PART) {
      signal.throwIfAborted();
      yield* (await source.find(query, { sort: order, offset, limit: PART })).artifacts;
    }
  }
  const writer = WRITERS[format];
  return { fileName: `artifacts.${format}`, type: writer.type, parts: () => writer.write(entries(), columns) };
}

const FACET_FACTS: ReadonlySet<string> = new Set([
  ...["name", "state", "created", "took", "size", "format", "version", "draw"],
]);

interface Writer {
  readonly type: string;
  write(entries: AsyncIterable<CatalogEntry>, columns: readonly string[]): AsyncIterable<string>;
}

const WRITERS: Readonly<Record<"csv" | "json" | "md", Writer>> = {
  csv: { type: "text/csv; charset=utf-8", write: (entries, columns) => lines(entries, columns, csvLine, []) },
  md: {
    type: "text/markdown; charset=utf-8",
    write: (entries, columns) => lines(entries, columns, markdownLine, [[...FACTS, ...columns].map(() => "---")]),
  },
  json: { type: "application/json; charset=utf-8", write: jsonOf },
};

async function* lines(
  entries: AsyncIterable<CatalogEntry>,
  columns: readonly string[],
  lineOf: (cells: readonly string[]) => string,
  below: readonly (readonly string[])[],
): AsyncGenerator<string> {
  yield [[...FACTS, ...columns], ...below].map(lineOf).join("");
  for await (const entry of entries) {
    const values = allValuesOf(entry);
    const cells = [...FACTS.map((fact) => entry[fact]), ...columns.map((column) => values.get(column))];
    yield lineOf(cells.map(cellText));
  }
}

function cellText(value: Json | undefined): string {
  return value === undefined ? "" : textOf(value);
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\r\n`;
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => visibleLine(cell).replaceAll("|", "\\|").replaceAll("<", "&lt;")).join(" | ")} |\n`;
}

async function* jsonOf(entries: AsyncIterable<CatalogEntry>): AsyncGenerator<string> {
  let before = "[\n";
  for await (const entry of entries) {
    yield `${before}${JSON.stringify(entry)}`;
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}
