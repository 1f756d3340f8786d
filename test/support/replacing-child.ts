import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directory } from "../../src/entry/formats/directory.ts";
import { records } from "../../src/entry/formats/records.ts";
import { definePersistable, fileStore } from "../../src/entry/index.ts";
import { run } from "../../src/entry/pipeline.ts";

/** The orders of a process that replaces an artifact again and again while another one reads it. */
export interface ReplacingInput {
  readonly dataDir: string;
  readonly kind: "folder" | "stream";
  readonly act: "generate" | "force" | "remove";
}

export const FILES = 40;
export const ITEMS = 2000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
let generation = 0;

export const folderOfFiles = definePersistable({
  name: "pages",
  format: directory(),
  generate: ({ workDir }) => {
    generation++;
    for (const sub of ["a", "b"]) {
      mkdirSync(join(workDir, sub));
      for (let n = 0; n < FILES / 2; n++) writeFileSync(join(workDir, sub, `${n}.txt`), `${generation}`);
    }
    return workDir;
  },
});

export const streamOfItems = definePersistable({
  name: "items",
  format: records<{ n: number; generation: number }>(),
  generate: async function* () {
    generation++;
    for (let n = 0; n < ITEMS; n++) yield { n, generation };
  },
});

async function replaceForEver({ dataDir, kind, act }: ReplacingInput): Promise<void> {
  const store = fileStore(dataDir, { durable: false });
  const build = () => (kind === "folder" ? folderOfFiles : streamOfItems)({}, { dataDir: store, logger: silent });
  for (let count = 1; ; count++) {
    const target = build();
    if (act === "generate") await target.generate();
    else if (act === "force") await run([target], { force: [target], keepRecord: false });
    else {
      await target.loadOrGenerate();
      await target.remove();
    }
    process.stdout.write(`${count}\n`);
  }
}

const [, , input] = process.argv;
if (input?.startsWith("{")) void replaceForEver(JSON.parse(input) as ReplacingInput);
