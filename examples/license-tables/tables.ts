import { createRequire } from "node:module";
import { definePersistable } from "persistable-ts";
import { arrow } from "persistable-ts/formats/arrow";
import { csv } from "persistable-ts/formats/csv";
import { parquet } from "persistable-ts/formats/parquet";
import { readTable, tableFromRows } from "persistable-ts/table";
import { z } from "zod";

const require = createRequire(import.meta.url);
const { version: installedVersion } = require("spdx-license-list/package.json") as { version: string };

/** Open-source licenses, for people who work with a spreadsheet. */
export const licenses = definePersistable({
  name: "licenses",
  // An update of the package makes other tables.
  params: z.object({ packageVersion: z.string().default(installedVersion) }),
  format: csv({ columns: { id: "string", name: "string", osiApproved: "boolean", characters: "int32" }, rows: true }),
  generate: async ({ params }) => {
    if (params.packageVersion !== installedVersion)
      throw new Error(`spdx-license-list ${installedVersion} is installed.`);
    const { default: list } = await import("spdx-license-list/full.js");
    return Object.entries(list).map(([id, { name, osiApproved, licenseText }]) => ({
      id,
      name,
      osiApproved,
      characters: licenseText.length,
    }));
  },
});

/**
 * How often each word stands in each license: some hundred thousand rows, for tools that query
 * tables.
 */
export const words = definePersistable({
  name: "words",
  dependencies: { licenses },
  format: parquet({ rows: true }),
  generate: async ({ dependencies }) => {
    const { default: list } = await import("spdx-license-list/full.js");
    const known = await dependencies.licenses.payload;
    return known.flatMap(({ id }) =>
      [...countWords(list[id]?.licenseText ?? "")].map(([word, count]) => ({ license: id, word, count })),
    );
  },
});

/**
 * In how many licenses each word stands, from two of the three columns, for tools that map a file
 * into memory.
 */
export const frequencies = definePersistable({
  name: "frequencies",
  dependencies: { words },
  params: z.object({ minLicenses: z.int().positive().default(2) }),
  format: arrow(),
  generate: async ({ params, dependencies }) => {
    const table = await readTable(dependencies.words, { columns: ["word"] });
    const licensesByWord = new Map<string, number>();
    for (const word of table.column("word").values as readonly string[])
      licensesByWord.set(word, (licensesByWord.get(word) ?? 0) + 1);
    const rows = [...licensesByWord]
      .map(([word, licenseCount]) => ({ word, licenseCount }))
      .filter(({ licenseCount }) => licenseCount >= params.minLicenses)
      .sort((one, other) => other.licenseCount - one.licenseCount || (one.word < other.word ? -1 : 1));
    return tableFromRows(rows, { types: { licenseCount: "uint32" } });
  },
});

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/\p{L}{3,}/gu)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
