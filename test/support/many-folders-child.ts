// Publishes and loads many folders and files, with few files that may be open.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import { definePersistable, fileStore, type PersistableError, typedParams } from "../../src/entry/index.ts";

export interface ManyFoldersInput {
  readonly dataDir: string;
  readonly count: number;
  /** How many are asked for at the same time. */
  readonly atOnce: number;
}

/** How many payloads the program got, and the codes of the errors of the others. */
export interface ManyFoldersReport {
  readonly good: number;
  readonly codes: readonly string[];
}

/**
 * The code of a file that a generator itself could not write: the library passes that error on as
 * it is.
 */
export const OWN_FILE = "OWN_FILE";

const params = typedParams<{ n: number }>();
const folders = definePersistable({
  ...{ name: "folders", params, format: directory() },
  generate: ({ workDir, params: { n } }) => {
    writeOwn(() => {
      mkdirSync(join(workDir, "sub"));
      for (const name of ["a.txt", "sub/b.txt"]) writeFileSync(join(workDir, name), `${n}`);
    });
    return workDir;
  },
});
const files = definePersistable({
  ...{ name: "files", params, format: file() },
  generate: ({ workDir, params: { n } }) => {
    writeOwn(() => writeFileSync(join(workDir, "a.bin"), `${n}`));
    return join(workDir, "a.bin");
  },
});

function writeOwn(write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw Object.assign(new Error("The generator could not write.", { cause }), { code: OWN_FILE });
  }
}

async function publishMany({ dataDir, count, atOnce }: ManyFoldersInput): Promise<ManyFoldersReport> {
  const store = fileStore(dataDir, { durable: false });
  const options = { dataDir: store, logger: { debug() {}, info() {}, warn() {}, error() {} } };
  // Before the others, the program loads every part of the library, and has one of each.
  await folders({ n: -1 }, options).payload;
  await files({ n: -1 }, options).payload;
  const asked = Array.from({ length: count }, (_, n) => [folders({ n }, options), files({ n }, options)]).flat();
  const outcomes: PromiseSettledResult<unknown>[] = [];
  while (asked.length > 0) {
    const next = asked.splice(0, atOnce);
    outcomes.push(...(await Promise.allSettled(next.map((one) => one.payload))));
  }
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  const codes = failed.map(({ reason }) => (reason as PersistableError).code ?? String(reason));
  return { good: outcomes.length - failed.length, codes: [...new Set(codes)] };
}

if (process.argv[2]?.startsWith("{")) {
  const report = await publishMany(JSON.parse(process.argv[2]) as ManyFoldersInput);
  process.stdout.write(JSON.stringify(report));
}
