import { expect, test } from "vitest";
import { noteMiss } from "../../src/catalog/nearest/explain-miss.ts";
import { definePersistable, fileStore, memoryStore, typedParams } from "../../src/entry/index.ts";
import { stateKey } from "../../src/persistable/declare/state.ts";
import type { FileStore } from "../../src/store/folder/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { withoutSynchronousDoor } from "../support/crash-planted-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const square = definePersistable({
  name: "square",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => params.n ** 2,
});

test("each of many misses in a row names the nearest artifact, and what differs from it", async () => {
  const dataDir = memoryStore();
  const there = [500, 100_000].map((n) => square({ n }, { dataDir }));
  for (const one of there) await one.payload;
  await square({ n: 0 }, { dataDir }).explain();
  const addresses = there.map(({ address }) => address);
  for (let n = 501; n <= 99_001; n += 500) {
    const reason = await noteMiss(dataDir, square({ n }, { dataDir })[stateKey].recipe);
    if (reason.kind !== "params-changed") expect.fail(`${n} is ${reason.kind}`);
    expect(await square({ n }, { dataDir }).explain()).toMatchObject({
      reason: { nearest: { address: reason.nearest.address } },
    });
    expect(reason.nearest.comparedRecords).toBeUndefined();
    const nearestValue = reason.nearest.address === addresses[0] ? 500 : 100_000;
    expect(reason.changes).toEqual([{ what: "param", roles: [], key: "n", value: n, nearestValue }]);
    if (n < 2000) expect(nearestValue).toBe(500);
    if (n > 90_000) expect(nearestValue).toBe(100_000);
  }
});

test.each([
  ["on this machine", (store: FileStore) => store],
  ["behind a network", withoutSynchronousDoor],
])("a miss right after the first artifact of a store %s names that artifact", async (_, open) => {
  await using folder = await temporaryFolder();
  const dataDir: Store = open(fileStore(folder.path, { durable: false }));
  const noteOf = (n: number) => noteMiss(dataDir, square({ n }, { dataDir })[stateKey].recipe);
  expect(await noteOf(1)).toEqual({ kind: "never-generated" });
  const first = square({ n: 2 }, { dataDir });
  await first.payload;
  expect(await noteOf(3)).toMatchObject({ kind: "params-changed", nearest: { address: first.address } });
});
