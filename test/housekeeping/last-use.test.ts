import { readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCatalog } from "../../src/entry/catalog.ts";
import { planCollection } from "../../src/entry/housekeeping.ts";
import { definePersistable, json, typedParams } from "../../src/entry/index.ts";
import { persistable } from "../command/run-in-process.ts";
import type { IndexChildInput } from "../support/index-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeRecords } from "../support/write-records.ts";

const DAY_MS = 86_400_000;
/** When the records were written, as `writeRecords` says it in them, too. */
const WRITTEN_MS = Date.parse("2026-01-01T00:00:00Z");

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  format: json(),
  generate: () => 1,
});
const unrecorded = definePersistable({
  name: "unrecorded",
  params: typedParams<{ n: number }>(),
  format: json(),
  recordsUse: false,
  generate: () => 1,
});

function writeOld(dataDir: string): void {
  for (const definition of [points, unrecorded])
    writeRecords(
      dataDir,
      [1, 2, 3].map((n) => definition({ n }, { dataDir })),
    );
  for (const name of ["points", "unrecorded"])
    for (const file of readdirSync(join(dataDir, name)))
      utimesSync(join(dataDir, name, file), WRITTEN_MS / 1000, WRITTEN_MS / 1000);
}

function timeOf({ address }: { readonly address: string }, dataDir: string, name = "points"): number {
  return statSync(join(dataDir, name, `${address}.json`)).mtimeMs;
}

test("what a process has loaded counts as used, and an open catalogue sees no change", async () => {
  await using folder = await temporaryFolder();
  const dataDir = folder.path;
  writeOld(dataDir);
  const catalog = openCatalog(dataDir);
  await catalog.find("");
  await catalog.refresh();
  const [used, left] = [points({ n: 1 }, { dataDir }), points({ n: 2 }, { dataDir })];
  // Noted before the other one, and so it would be touched before it.
  expect(await unrecorded({ n: 1 }, { dataDir }).load()).toBe(1);
  expect(await used.load()).toBe(1);
  await expect.poll(() => timeOf(used, dataDir)).toBeGreaterThan(Date.now() - DAY_MS);
  expect(timeOf(left, dataDir)).toBe(WRITTEN_MS);
  expect(timeOf(unrecorded({ n: 1 }), dataDir, "unrecorded")).toBe(WRITTEN_MS);
  expect(await catalog.refresh()).toEqual({ added: [], removed: [] });
  expect((await catalog.find("points")).total).toBe(3);
  await catalog.close();

  const { decisions } = await planCollection(dataDir, { names: ["points"], unusedForMs: 30 * DAY_MS });
  const kept = decisions.filter(({ action, reason }) => action === "keep" && reason.code === "used");
  expect(kept).toMatchObject([{ address: used.address }]);
  expect(decisions.filter(({ action }) => action === "remove")).toHaveLength(2);

  const shown = await persistable(["show", used.address.slice(0, 12), "--data-dir", dataDir]);
  expect(shown.out).toMatch(/^ {2}used {8}just now$/m);
  const listed = await persistable(["ls", "points", "--json", "--data-dir", dataDir]);
  const { artifacts } = JSON.parse(listed.out) as { artifacts: { address: string; usedAt: string }[] };
  const ofLeft = artifacts.find(({ address }) => address === left.address);
  expect(Date.parse(ofLeft?.usedAt ?? "")).toBeLessThan(Date.now() - 30 * DAY_MS);
});

test("processes that end at once record what they have loaded, once a day, unless they must not", async () => {
  await using folder = await temporaryFolder();
  const dataDir = folder.path;
  writeOld(dataDir);
  const file = await buildChild("test/support/index-child.ts");
  const load = async (...n: number[]): Promise<void> => {
    const child = startChild(file, { job: "load", dataDir, n } satisfies IndexChildInput);
    expect(await child.ended, child.complaints).toBe(0);
  };
  const [first, second, third] = [1, 2, 3].map((n) => points({ n }, { dataDir }));
  if (first === undefined || second === undefined || third === undefined) throw new Error("three were made");
  await Promise.all([load(1, 2), load(1)]);
  const loadedMs = timeOf(first, dataDir);
  expect(loadedMs).toBeGreaterThan(Date.now() - DAY_MS);
  expect(timeOf(second, dataDir)).toBeGreaterThan(Date.now() - DAY_MS);
  await load(1);
  expect(timeOf(first, dataDir)).toBe(loadedMs);

  process.env.PERSISTABLE_LAST_USE = "off";
  try {
    await load(3);
  } finally {
    delete process.env.PERSISTABLE_LAST_USE;
  }
  expect(timeOf(third, dataDir)).toBe(WRITTEN_MS);
});
