import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { memoryStore, type PersistableEvent } from "../../src/entry/index.ts";
import { override } from "../support/override-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { alpha } from "./same-name-one.ts";
import { beta } from "./same-name-two.ts";

test("a payload that another module's definition made is loaded with a warning that names both", async () => {
  await using folder = await temporaryFolder();
  await alpha({ n: 1 }, { dataDir: folder.path }).payload;
  expect(await beta({ n: 1 }, { dataDir: folder.path }).payload).toBe("alpha 1");
  expect(readFileSync(folder.join("shared_name.log"), "utf8")).toMatch(
    /another definition of the name shared_name: in test\/persistable\/same-name-one\.ts then, in test\/persistable\/same-name-two\.ts now/,
  );
});

test("a listener hears of both modules, in a store without a synchronous door too", async () => {
  const dataDir = override(memoryStore(), {});
  const events: PersistableEvent[] = [];
  await beta({ n: 2 }, { dataDir }).payload;
  await alpha({ n: 2 }, { dataDir, onEvent: (event) => void events.push(event) }).load();
  expect(events.filter(({ type }) => type === "source-changed")).toEqual([
    expect.objectContaining({
      recordedModule: "test/persistable/same-name-two.ts",
      currentModule: "test/persistable/same-name-one.ts",
    }),
  ]);
});
