import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, symlink } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/**
 * The behavior of a reader that is given a damaged file:
 * - `reads it`: it hands out the rows that are in a sound file.
 * - `misreads it`: it hands out rows that are not in the file.
 * - `refuses it`: it rejects with an error that its caller can catch.
 * - `takes the process`: its caller has no say. Memory ran out, an error was thrown where no caller
 *   can catch it, or the reader was still busy after the processor time that it was given.
 */
type Outcome = "reads it" | "misreads it" | "refuses it" | "takes the process";

type Reader = "persistable-ts" | "hyparquet" | "apache-arrow" | "@uwdata/flechette" | "avsc";

interface ReadFile {
  /** In `test/package/damaged`. */
  readonly file: string;
  /** The rows of a sound file. A damaged file has none: to hand out rows is to misread it. */
  readonly rows?: readonly unknown[];
  /** The schema that an Avro file says. */
  readonly schema?: unknown;
  readonly outcomes: Partial<Record<Reader, Outcome>>;
}

// A sound file takes less than a second. A machine so slow that it takes longer fails the rows of
// sound files, not those of damaged ones.
const PROCESSOR_SECONDS = 3;
const HEAP_MEGABYTES = 128;

const sound = "reads it";
const files: readonly ReadFile[] = [
  {
    file: "sound.parquet",
    rows: [{ a: 1 }, { a: 2 }, { a: 3 }],
    outcomes: { "persistable-ts": sound, hyparquet: sound },
  },
  {
    // Three rows, whose definition levels are one run of 2 ** 30 - 1: all three have a value.
    file: "run-of-a-billion.parquet",
    rows: [{ a: 0 }, { a: 1 }, { a: 2 }],
    outcomes: { "persistable-ts": sound, hyparquet: "takes the process" },
  },
  {
    // Three rows, whose indexes are 2 ** 31 - 1 groups of eight numbers of no bits.
    file: "groups-of-no-bits.parquet",
    outcomes: { "persistable-ts": "refuses it", hyparquet: "takes the process" },
  },
  {
    // A file of DuckDB, of which up to four bytes were changed at random: one column has lost its
    // name, another one has a page of an impossible size.
    file: "flipped-bytes.parquet",
    outcomes: { "persistable-ts": "refuses it", hyparquet: "takes the process" },
  },
  {
    file: "sound.arrow",
    rows: [
      { l: [1, 2], t: "a" },
      { l: [3], t: "b" },
      { l: [4, 5, 6], t: "c" },
    ],
    outcomes: { "persistable-ts": sound, "apache-arrow": sound, "@uwdata/flechette": sound },
  },
  {
    // Its first text begins with U+FEFF.
    file: "text-with-a-mark.arrow",
    rows: [{ t: "\ufeffa" }, { t: "b" }],
    outcomes: { "persistable-ts": sound, "apache-arrow": "misreads it", "@uwdata/flechette": "misreads it" },
  },
  {
    // Says 2 ** 31 - 1 rows where there are bytes for three.
    file: "rows-that-are-not-there.arrow",
    outcomes: {
      "persistable-ts": "refuses it",
      "apache-arrow": "takes the process",
      "@uwdata/flechette": "takes the process",
    },
  },
  {
    // The last list ends at item 2 ** 31 - 1 of six.
    file: "list-past-its-end.arrow",
    outcomes: { "persistable-ts": "refuses it", "apache-arrow": "misreads it", "@uwdata/flechette": "misreads it" },
  },
  {
    // The second list begins at item 5 and ends at item 3.
    file: "offsets-that-go-backwards.arrow",
    outcomes: { "persistable-ts": "refuses it", "apache-arrow": "misreads it", "@uwdata/flechette": "misreads it" },
  },
  { file: "sound.avro", rows: [1, 2, 3], schema: "int", outcomes: { "persistable-ts": sound, avsc: sound } },
  {
    // Ends within the only block.
    file: "cut-off.avro",
    schema: "int",
    outcomes: { "persistable-ts": "refuses it", avsc: "refuses it" },
  },
  {
    // Its block says 2 ** 40 numbers and has two.
    file: "records-that-are-not-there.avro",
    schema: "int",
    outcomes: { "persistable-ts": "refuses it", avsc: "misreads it" },
  },
  {
    // One list of 2 ** 28 - 1 nulls, which take no bytes.
    file: "list-of-nothing.avro",
    schema: { type: "array", items: "null" },
    outcomes: { "persistable-ts": "refuses it", avsc: "takes the process" },
  },
];

const fixtures = new URL("damaged/", import.meta.url);
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  await symlink(path.resolve("node_modules"), folder.join("node_modules"), "junction");
  await build({
    entryPoints: [path.resolve("test/support/damaged-file-child.ts")],
    outfile: folder.join("child.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
  });
});

afterAll(() => folder[Symbol.asyncDispose]());

// `ulimit` is what a shell of Linux or macOS has.
describe.skipIf(process.platform === "win32")("of the files that decided who reads Parquet, Arrow and Avro", () => {
  const cases = files.flatMap(({ outcomes, ...read }) =>
    Object.entries(outcomes).map(([reader, outcome]) => ({ ...read, reader, outcome })),
  );

  test.each(cases)("$reader meets $file: it $outcome", async ({ reader, outcome, ...read }) => {
    const met = await meet(reader, read);
    expect(met.outcome, advice(reader, read.file, outcome, met)).toBe(outcome);
  });

  test("every file has a row", async () => {
    expect((await readdir(fixtures)).sort()).toEqual(files.map(({ file }) => file).sort());
  });
});

interface Meeting {
  readonly outcome: Outcome;
  readonly seen: string;
}

async function meet(reader: string, { file, rows, schema }: Omit<ReadFile, "outcomes">): Promise<Meeting> {
  const args = [reader, fileURLToPath(new URL(file, fixtures)), JSON.stringify(schema ?? null)];
  const { code, signal, stdout, stderr } = await runLimited([folder.join("child.mjs"), ...args]);
  const seen = `exit code ${code}, signal ${signal}\n${stdout.slice(0, 500)}\n${stderr.slice(0, 2000)}`;
  if (code !== 0) return { outcome: "takes the process", seen };
  const answer = JSON.parse(stdout);
  if ("refused" in answer) return { outcome: "refuses it", seen };
  return { outcome: JSON.stringify(answer.rows) === JSON.stringify(rows) ? "reads it" : "misreads it", seen };
}

function advice(reader: string, file: string, before: Outcome, { outcome, seen }: Meeting): string {
  if (reader === "persistable-ts") return `Of ${file}, this library ${outcome}. ${seen}`;
  const { version } = JSON.parse(readFileSync(`node_modules/${reader}/package.json`, "utf8"));
  return (
    `${reader} ${version} met ${file}: it ${outcome}, where an earlier release gave "${before}". ` +
    "Correct its row in this table, and weigh decisions/0004-own-readers-for-parquet-and-arrow.md again, " +
    `or decisions/0013-avro-without-avsc.md where the reader is avsc. ${seen}`
  );
}

interface Ended {
  readonly code: unknown;
  readonly signal: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Node with so much processor time and memory. No clock ends it: a busy machine changes
 * nothing.
 */
function runLimited(args: readonly string[]): Promise<Ended> {
  const limits = `ulimit -c 0; ulimit -t ${PROCESSOR_SECONDS}; exec "$0" "$@"`;
  const node = [process.execPath, `--max-old-space-size=${HEAP_MEGABYTES}`, ...args];
  const env = { ...process.env, NODE_OPTIONS: "" };
  return new Promise((resolve) => {
    execFile("sh", ["-c", limits, ...node], { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, signal: error?.signal, stdout, stderr });
    });
  });
}
