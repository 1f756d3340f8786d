import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { structured } from "../../src/format/built-in/built-in-formats.ts";
import { verifyArtifacts } from "../../src/housekeeping/verify-artifacts.ts";
import { layeredStore } from "../../src/layered/layered-store.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { openStore } from "../../src/store/open/open-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  format: structured(),
  generate: ({ params }) => Float64Array.from({ length: params.n }, (_, i) => i),
});

/** Flips one byte in the middle of the first file of `points` whose name matches. */
async function damage(dataDir: string, name: RegExp): Promise<void> {
  const folder = path.join(dataDir, "points");
  const file = (await readdir(folder)).find((each) => name.test(each)) ?? "";
  const bytes = await readFile(path.join(folder, file));
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(path.join(folder, file), bytes);
}

test("damage is only told of, until repair sets it aside and the next request generates again", async () => {
  await using folder = await temporaryFolder();
  const dataDir = folder.path;
  for (const n of [3, 2000, 3000]) await points({ n }, { dataDir }).payload;
  const [small, large] = [points({ n: 3 }), points({ n: 2000 })].map(({ address }) => address);
  await damage(dataDir, new RegExp(`^${small}\\.json$`));
  await damage(dataDir, new RegExp(`^${large}\\.[0-9a-f]{8}\\.`));
  const told = await verifyArtifacts(dataDir);
  expect(told).toMatchObject({ verified: 3, intact: 1, problems: [{ state: "damaged" }, { state: "damaged" }] });
  expect(told.problems.some(({ repaired }) => repaired !== undefined)).toBe(false);
  expect(await verifyArtifacts(dataDir)).toEqual(told);
  // A record that is damaged cannot be asked about, and is looked at all the same.
  const ofOthers = await verifyArtifacts(dataDir, { query: "points n=3000", repair: true });
  expect(ofOthers).toMatchObject({ verified: 2, intact: 1, problems: [{ address: small, repaired: "set-aside" }] });
  const repaired = await verifyArtifacts(dataDir, { repair: true });
  expect(repaired.problems).toMatchObject([{ address: large, repaired: "set-aside" }]);
  expect(await verifyArtifacts(dataDir)).toEqual({ verified: 1, intact: 1, problems: [] });
  expect((await readdir(path.join(dataDir, ".persistable", "quarantine", "points"))).length).toBeGreaterThan(2);
  const again = points({ n: 2000 }, { dataDir });
  expect(await again.isPersisted()).toBe(false);
  expect(await again.payload).toHaveLength(2000);
  expect((await verifyArtifacts(dataDir)).problems).toEqual([]);
});

test("repair takes the whole copy of the other layer, if that has one", async () => {
  await using folder = await temporaryFolder();
  const remote = memoryStore();
  const store = layeredStore({ local: openStore(folder.path), remote });
  for (const n of [2000, 3000]) await points({ n }, { dataDir: store }).payload;
  await damage(folder.path, /^[0-9a-f]{64}\.[0-9a-f]{8}\./);
  const { problems } = await verifyArtifacts(store, { repair: true });
  expect(problems).toMatchObject([{ state: "damaged", repaired: "healed" }]);
  expect(await verifyArtifacts(folder.path)).toEqual({ verified: 2, intact: 2, problems: [] });
});
