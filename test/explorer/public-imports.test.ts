import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
const IMPORT = /(?:import|export) (?:type )?\{([^}]*)\} from "(\.[^"]+)"/g;

/**
 * The explorer takes these from inside of the library, since no entry point exports them. All else
 * that it shows comes from functions that any program can call. Take a line out with its import.
 */
const INNER: Readonly<Record<string, readonly string[]>> = {
  // How values of queries are read and written, so that the page says the same as the command.
  "catalog/query/field.ts": ["Field", "leavesOf", "paramField", "parseField", "valuesOf"],
  "catalog/query/operand.ts": ["numericValue", "operandOf", "textOf", "timeValue"],
  "catalog/query/query.ts": ["formatTerm", "isPlainValue"],
  "catalog/query/sort-entries.ts": ["compareValues"],
  // The text of a record as it lies in the store.
  "artifact/layout/read-record-bytes.ts": ["readRecordBytes"],
  "artifact/layout/record-path.ts": ["recordPath"],
  "record/payload-bytes.ts": ["payloadBytesOf"],
  // Leases, journals and folders that only the library writes.
  "artifact/lease/lease-claim.ts": ["leaseFolder", "readClaim"],
  "artifact/lease/process-identity.ts": ["isCertainlyGone"],
  "runner/run-journal.ts": ["journalPath"],
  "store/internal-folder.ts": ["INDEX_FOLDER", "RUNS_FOLDER", "internalPath"],
  // Words, and small helpers.
  "artifact/explain/miss.ts": ["describeChange"],
  "canonical/tagged-json.ts": ["encodeTagged"],
  "errors/error-kind.ts": ["messageOf"],
  "errors/visible-text.ts": ["visibleLine", "visibleText"],
  "util/fields-of.ts": ["isPlainObject"],
  "util/library-version.ts": ["LIBRARY_VERSION"],
};

test("the explorer imports public names alone, and the inner ones that are listed", () => {
  const exported = new Set(filesIn("entry").flatMap((file) => importsOf(file).map(({ name }) => name)));
  const inner = filesIn("explorer")
    .flatMap(importsOf)
    .filter(({ name, from }) => !from.startsWith("explorer/") && !exported.has(name));
  const found = new Map<string, Set<string>>();
  for (const { name, from } of inner) found.set(from, (found.get(from) ?? new Set()).add(name));
  expect(Object.fromEntries([...found].map(([from, names]) => [from, [...names].sort()]))).toEqual(
    Object.fromEntries(Object.entries(INNER).map(([from, names]) => [from, [...names].sort()])),
  );
});

function filesIn(folder: string): readonly string[] {
  const found = readdirSync(join(SOURCE, folder), { recursive: true, encoding: "utf8" });
  return found.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
}

/** The names that a file imports or exports from other files, by the names that they have there. */
function importsOf(file: string): readonly { readonly name: string; readonly from: string }[] {
  const text = readFileSync(join(SOURCE, file), "utf8");
  return [...text.matchAll(IMPORT)].flatMap(([, names = "", target = ""]) => {
    const from = relative(SOURCE, join(SOURCE, dirname(file), target)).replaceAll("\\", "/");
    const plain = names.split(",").map(
      (name) =>
        name
          .trim()
          .replace(/^type /, "")
          .split(" as ")[0] ?? "",
    );
    return plain.filter((name) => name !== "").map((name) => ({ name, from }));
  });
}
