// Publishes and loads many folders and files at once, with few files that may be open.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import { definePersistable, fileStore, type PersistableError, typedParams } from "../../src/entry/index.ts";

export interface ManyFoldersInput {
  readonly dataDir: string;
  readonly count: number;
}

/** How many were had, and the codes of the errors of the others. */
export interface ManyFoldersReport {
  readonly good: number;
  readonly codes: readonly string[];
}

const params = typedParams<{ n: number }>();
const folders = definePersistable({
  ...{ name: "folders", params, format: directory() },
  generate: ({ workDir, params: { n } }) => {
    mkdirSync(join(workDir, "sub"));
    for (const name of ["a.txt", "sub/b.txt"]) writeFileSync(join(workDir, name), `${n}`);
    return workDir;
  },
});
const files = definePersistable({
  ...{ name: "files", params, format: file() },
  generate: ({ workDir, params: { n } }) => {
    writeFileSync(join(workDir, "a.bin"), `${n}`);
    return join(workDir, "a.bin");
  },
});

async function publishMany({ dataDir, count }: ManyFoldersInput): Promise<ManyFoldersReport> {
  const store = fileStore(dataDir, { durable: false });
  const options = { dataDir: store, logger: { debug() {}, info() {}, warn() {}, error() {} } };
  // What the library is made of is read before, and the first of each.
  await folders({ n: -1 }, options).payload;
  await files({ n: -1 }, options).payload;
  const asked = Array.from({ length: count }, (_, n) => [folders({ n }, options), files({ n }, options)]).flat();
  const outcomes = await Promise.allSettled(asked.map((one) => one.payload));
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  const codes = failed.map(({ reason }) => (reason as PersistableError).code ?? String(reason));
  return { good: outcomes.length - failed.length, codes: [...new Set(codes)] };
}

if (process.argv[2]?.startsWith("{")) {
  const report = await publishMany(JSON.parse(process.argv[2]) as ManyFoldersInput);
  process.stdout.write(JSON.stringify(report));
}
