import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  definePersistable,
  fileStore,
  memoryStore,
  NewerRecordError,
  type Store,
  type StorePath,
} from "../../src/entry/index.ts";
import { listRuns, readFailure, run } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let isBroken = false;
const estimator = definePersistable({
  name: "estimator",
  generate: (): string => {
    if (isBroken) throw new Error("singular matrix");
    return "fine";
  },
});

async function ask(dataDir: Store): Promise<unknown> {
  return run([estimator({}, { dataDir })], { handleSignals: false }).catch((error: unknown) => error);
}

describe.each(["memory", "a folder"])("the record of a failure in %s that a newer release has written", (where) => {
  test("is refused, and left where it is by failures and by successes", async () => {
    await using folder = await temporaryFolder();
    const dataDir = where === "memory" ? memoryStore() : fileStore(folder.path);
    const persistable = () => estimator({}, { dataDir });
    const file = `estimator/${persistable().address}.failed.json` as StorePath;
    const newer = Buffer.from(`${JSON.stringify({ failure: 2, why: "singular matrix" })}\n`);
    await dataDir.replace(file, [newer]);
    for (const broken of [true, false]) {
      isBroken = broken;
      await ask(dataDir);
      const error = await readFailure(persistable()).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NewerRecordError);
      expect(error).toMatchObject({ file, recordVersion: 2 });
      expect(Buffer.from((await dataDir.read(file)) ?? "")).toEqual(newer);
    }
    expect(await persistable().load()).toBe("fine");
  });

  test("of this release gives way to what happens next", async () => {
    await using folder = await temporaryFolder();
    const dataDir = where === "memory" ? memoryStore() : fileStore(folder.path);
    isBroken = true;
    await ask(dataDir);
    expect((await readFailure(estimator({}, { dataDir })))?.error.message).toBe("singular matrix");
    isBroken = false;
    await ask(dataDir);
    expect(await readFailure(estimator({}, { dataDir }))).toBeUndefined();
  });
});

test("the record of a run that a newer release has written is left out of the list, with a warning", async () => {
  const dataDir = memoryStore();
  isBroken = false;
  await ask(dataDir);
  const [known] = await listRuns(dataDir);
  const file = ".persistable/runs/20991231T000000000-000000.json" as StorePath;
  const newer = Buffer.from(`${JSON.stringify({ ...known, run: 2, nodes: {} })}\n`);
  await dataDir.replace(file, [newer]);
  const warned = once(process, "warning");
  expect(await listRuns(dataDir)).toEqual([known]);
  expect(await listRuns(dataDir, { limit: 1 })).toEqual([known]);
  expect((await warned)[0]).toMatchObject({ code: "PERSISTABLE_NEWER_RECORD", message: expect.stringContaining(file) });
  await ask(dataDir);
  expect(Buffer.from((await dataDir.read(file)) ?? "")).toEqual(newer);
});
