import type { CatalogEntry } from "../../../src/catalog/query/catalog-entry.ts";
import { allValuesOf, compareRow, inOrder, rowOf } from "../../../src/explorer/answers/artifact-row.ts";
import { type Asked, bad, checkDigits, pathOf } from "../../../src/explorer/answers/asked.ts";
import { type CommandWriter, literal } from "../../../src/explorer/answers/commands.ts";
import { findArtifact } from "../../../src/explorer/answers/explored-store.ts";
import type { CompareAnswer, CompareRow, Json } from "../../../src/explorer/api.ts";
import type { ExportedCatalog } from "./exported-catalog.ts";

const FACTS = ["version", "draw", "format", "sizeBytes", "createdAt", "durationMs"] as const;

/** Compares the rows of artifacts: their records are not all in the file. */
export async function compareEntries(
  catalog: ExportedCatalog,
  commands: CommandWriter,
  asked: Asked,
): Promise<CompareAnswer> {
  const digits = asked.texts("a").map(checkDigits);
  if (digits.length < 2) throw bad("Two artifacts are needed for a comparison.", "Choose two in the table.");
  const entries = await Promise.all(digits.map((each) => findArtifact(catalog, each)));
  const fields = entries.map(fieldsOf);
  const paths = [...new Set(fields.flatMap((each) => [...each.keys()]))];
  const { rows, differing } = inOrder(paths.map((path) => rowAt(path, fields)));
  return {
    artifacts: entries.map((entry) => rowOf(entry)),
    left: [],
    rows,
    total: rows.length,
    differing,
    commands: commands.commands(
      ["diff", ...entries.map((entry) => pathOf(entry).slice(0, entry.name.length + 13))],
      (dataDir) => `await openCatalog(${dataDir}).find(${literal(`address=${digits[0]}`)});`,
    ),
  };
}

function fieldsOf(entry: CatalogEntry): ReadonlyMap<string, Json> {
  const fields = new Map<string, Json>();
  for (const [field, value] of allValuesOf(entry))
    fields.set(/^(?:summary|cost)\./.test(field) ? field : `params.${field}`, value);
  for (const [role, { address }] of Object.entries(entry.dependencies)) fields.set(`params.${role} (address)`, address);
  for (const fact of FACTS) {
    const value = entry[fact];
    if (value !== undefined) fields.set(pathOfFact(fact), value);
  }
  return fields;
}

function pathOfFact(fact: (typeof FACTS)[number]): string {
  if (fact === "format" || fact === "sizeBytes") return `payload.${fact}`;
  return fact === "createdAt" || fact === "durationMs" ? `provenance.${fact}` : fact;
}

function rowAt(path: string, fields: readonly ReadonlyMap<string, Json>[]): CompareRow {
  const values = fields.map((each) => each.get(path));
  const texts = values.map((value) => JSON.stringify(value));
  return compareRow(
    path,
    values,
    texts.every((text) => text === texts[0]),
  );
}
