import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { definePersistable, fileStore, json, typedParams } from "../../src/entry/index.ts";
import { override } from "../support/override-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const answers = definePersistable({
  name: "answer",
  params: typedParams<{ prompt: string }>(),
  format: json(),
  inlineBytes: 1000,
  log: false,
  generate: ({ params }) => ({ characters: params.prompt.length, quote: ',\n  "inline": ' }),
});

// A record of the first length is read at once, one of the second through the thread pool.
describe.each([100_000, 400_000])("an artifact in a record of %i bytes", (length) => {
  const params = { prompt: "word, ".repeat(length / 6) };
  const payload = { characters: params.prompt.length, quote: ',\n  "inline": ' };

  test("is loaded from a store that reads at once, and from one that cannot", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path);
    await answers(params, { dataDir: store, logger: silent }).payload;
    for (const dataDir of [store, override(store, {})])
      expect(await answers(params, { dataDir, logger: silent }).load()).toEqual(payload);
  });

  test("is damaged if one byte of its params or of its payload is", async () => {
    for (const mark of ["word, word", 'characters":']) {
      await using folder = await temporaryFolder();
      await answers(params, { dataDir: folder.path, logger: silent }).payload;
      const file = recordIn(folder.path);
      const whole = readFileSync(file, "latin1");
      const at = whole.lastIndexOf(mark);
      writeFileSync(file, `${whole.slice(0, at)}#${whole.slice(at + 1)}`, "latin1");
      await expect(answers(params, { dataDir: folder.path, logger: silent }).load()).rejects.toMatchObject({
        code: "PERSISTABLE_CORRUPT_ARTIFACT",
      });
      expect(await answers(params, { dataDir: folder.path, logger: silent }).payload).toEqual(payload);
    }
  });
});

function recordIn(folder: string): string {
  const [record] = readdirSync(path.join(folder, "answer")).filter((name) => name.endsWith(".json"));
  return path.join(folder, "answer", record ?? "");
}
