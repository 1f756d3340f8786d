import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { table } from "../../src/entry/formats/table.ts";
import {
  ArtifactInFlightError,
  definePersistable,
  fileStore,
  npy,
  type Store,
  typedParams,
} from "../../src/entry/index.ts";
import { readTable } from "../../src/entry/table.ts";
import { withoutSynchronousDoor } from "../support/crash-planted-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let generation = 0;
const definition = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  format: npy(),
  generate: (): unknown => new Float64Array([++generation]),
});

/**
 * A store in which the artifact is replaced just before its payload is looked at, the first `times`
 * times.
 */
function replacedMeanwhile(store: Store, replace: () => Promise<unknown>, times: number): Store {
  let left = times;
  const before = async (path: string): Promise<void> => {
    if (path.endsWith(".npy") && left-- > 0) await replace();
  };
  return {
    ...store,
    stat: async (path, options) => {
      await before(path);
      return store.stat(path, options);
    },
  };
}

async function prepare(times: number) {
  const folder = await temporaryFolder();
  const dataDir = withoutSynchronousDoor(fileStore(folder.path, { durable: false }));
  const replace = () => definition({ n: 1 }, { dataDir, logger: silent }).generate();
  await replace();
  const reader = definition({ n: 1 }, { dataDir: replacedMeanwhile(dataDir, replace, times), logger: silent });
  return { reader, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe("an artifact that is replaced between two looks", () => {
  test("is loaded as it is now", async () => {
    await using rig = await prepare(2);
    expect(await rig.reader.load()).toEqual(new Float64Array([generation]));
  });

  test("has a record all the time", async () => {
    await using rig = await prepare(2);
    expect((await rig.reader.record())?.payload.format).toBe("npy");
  });

  test("is persisted all the time", async () => {
    await using rig = await prepare(2);
    expect(await rig.reader.isPersisted()).toBe(true);
  });

  test("is in flight, and not damaged, when that never ends", async () => {
    await using rig = await prepare(1000);
    await expect(rig.reader.load()).rejects.toBeInstanceOf(ArtifactInFlightError);
    await expect(rig.reader.record()).rejects.toBeInstanceOf(ArtifactInFlightError);
  });
});

test.each([
  [2, "is read as it is now"],
  [1000, "is in flight, and not damaged, when that never ends"],
])("a table of which parts are read, and which is replaced %i times meanwhile, %s", async (times) => {
  await using folder = await temporaryFolder();
  const store = withoutSynchronousDoor(fileStore(folder.path, { durable: false }));
  let made = 0;
  const rows = definePersistable({
    name: "rows",
    format: table(),
    generate: () => {
      made++;
      return Array.from({ length: 5000 }, (_, id) => ({ id: id + 0.5, made }));
    },
  });
  await rows({}, { dataDir: store, logger: silent }).generate();
  let left = times;
  const dataDir: Store = {
    ...store,
    async read(path, options) {
      if (/\.[0-9a-f]{8}\./.test(path) && left-- > 0) await rows({}, { dataDir: store, logger: silent }).generate();
      return store.read(path, options);
    },
  };
  const reading = readTable(rows({}, { dataDir, logger: silent }), { columns: ["made"], rows: { start: 10, end: 12 } });
  if (times === 1000) await expect(reading).rejects.toBeInstanceOf(ArtifactInFlightError);
  else expect([...(await reading).rows()]).toEqual([{ made: 3 }, { made: 3 }]);
  expect(existsSync(folder.join(".persistable", "quarantine"))).toBe(false);
});
