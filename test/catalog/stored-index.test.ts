import { readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/address/address-of.ts";
import { recordPath } from "../../src/artifact/layout/record-path.ts";
import { EntryColumns } from "../../src/catalog/columns/entry-columns.ts";
import { type Catalog, openCatalog } from "../../src/catalog/open/open-catalog.ts";
import type { CatalogEntry } from "../../src/catalog/query/catalog-entry.ts";
import { NameIndex } from "../../src/catalog/stored-index/name-index.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { parseRecord } from "../../src/record/parse-record.ts";
import type { ArtifactRecord } from "../../src/record/record.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { readOnlyStore } from "../../src/store/read-only-store.ts";
import { sha256Hex } from "../../src/util/digest/sha256.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeRecords } from "../support/write-records.ts";

const COUNT = 130;
/** 100 in a full run. */
const KILLS = Number(process.env.PERSISTABLE_TEST_INDEX_KILLS ?? 2);

/** 100,000 in a full run. */
const ARTIFACTS = Number(process.env.PERSISTABLE_TEST_INDEX_ARTIFACTS ?? 200);

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; kind?: string; opts?: Record<string, unknown>; at?: Date }>(),
  generate: () => 1,
});

function pointsOf(n: number) {
  if (n % 5 === 0) return points({ n, kind: n % 2 === 0 ? "even" : "odd", opts: { "a.b": n, $x: [n], empty: {} } });
  return n % 7 === 0 ? points({ n: Number.NaN, opts: { n: -0, big: BigInt(n) }, at: new Date(n) }) : points({ n });
}

async function withRecords(use: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  writeRecords(
    folder.path,
    Array.from({ length: COUNT }, (_, n) => pointsOf(n)),
  );
  settle(folder.path);
  await use(folder.path);
}

/** As if the last change had been an hour ago. */
function settle(folder: string): void {
  const time = new Date(Date.now() - 3_600_000);
  utimesSync(join(folder, "points"), time, time);
}

function indexFolder(folder: string): string {
  return join(folder, ".persistable", "index", "points");
}

function indexFiles(folder: string): string[] {
  return readdirSync(indexFolder(folder)).map((file) => join(indexFolder(folder), file));
}

async function entriesIn(folder: string, options: { readonly index?: boolean } = {}): Promise<readonly CatalogEntry[]> {
  return (await openCatalog(folder, options).find("points")).artifacts;
}

function entryOf(n: number): CatalogEntry {
  return {
    address: parseAddress(sha256Hex(String(n))),
    name: "points",
    state: "present",
    params: { n, kind: `kind ${n % 3}` },
    summary: n % 2 === 0 ? { mean: n / 3 } : {},
    createdAt: new Date(n * 1000).toISOString(),
    dependencies: {},
  };
}

function fileOf(folder: string, n: number): string {
  return join(folder, recordPath("points", pointsOf(n).address));
}

function recordOf(folder: string, n: number): ArtifactRecord {
  const record = parseRecord(readFileSync(fileOf(folder, n)), fileOf(folder, n), []);
  if (!("address" in record)) throw new Error(record.problem);
  return record;
}

/** The record of another payload of the same recipe, in the way in which a store replaces one. */
function generateAgain(folder: string, n: number): void {
  const aside = `${folder}-again`;
  writeRecords(aside, [pointsOf(1), pointsOf(n)]);
  renameSync(fileOf(aside, n), fileOf(folder, n));
  rmSync(aside, { recursive: true });
}

describe("an index", () => {
  test("holds the same entries as the records, which are not read again", () =>
    withRecords(async (folder) => {
      const truth = await entriesIn(folder, { index: false });
      expect(truth).toHaveLength(COUNT);
      expect(readdirSync(folder)).toEqual(["points"]);
      expect(await entriesIn(folder)).toEqual(truth);
      expect(indexFiles(folder)).toHaveLength(1);
      // Written into the file itself, which changes nothing in its folder.
      writeFileSync(fileOf(folder, 3), "garbage");
      expect(await entriesIn(folder)).toEqual(truth);
      for (const query of ["points kind~ev", "points opts.a.b>50", "points n=NaN", "points at?", "points -opts?"]) {
        const plain = await openCatalog(folder, { index: false }).find(query);
        const indexed = await openCatalog(folder).find(query);
        const isOther = ({ address }: CatalogEntry) => address !== pointsOf(3).address;
        expect(indexed.artifacts.filter(isOther), query).toEqual(plain.artifacts.filter(isOther));
      }
    }));

  test("follows what is added, removed, damaged and generated again", () =>
    withRecords(async (folder) => {
      const open = openCatalog(folder);
      await open.find("points");
      const earlier = await open.resolve(pointsOf(2).address);
      writeRecords(folder, [pointsOf(COUNT)]);
      rmSync(fileOf(folder, 1));
      generateAgain(folder, 2);
      writeFileSync(fileOf(folder, 4), "garbage");
      const { added, removed } = await open.refresh();
      const addresses = (entries: readonly CatalogEntry[]) => entries.map(({ address }) => address).sort();
      expect(addresses(added)).toEqual([COUNT, 2, 4].map((n) => pointsOf(n).address).sort());
      expect(addresses(removed)).toEqual([1, 2, 4].map((n) => pointsOf(n).address).sort());
      expect((await open.resolve(earlier.address)).createdAt).not.toBe(earlier.createdAt);
      expect(await open.resolve(pointsOf(4).address)).toMatchObject({ state: "damaged" });
      const truth = await entriesIn(folder, { index: false });
      expect((await open.find("points")).artifacts).toEqual(truth);
      // What a later process finds where the folder is as it was, and where it is not.
      for (const _ of [1, 2, 3]) {
        expect(await entriesIn(folder)).toEqual(truth);
        settle(folder);
      }
      expect(await entriesIn(folder)).toEqual(truth);
    }));

  // Elsewhere, the system tells of changes later, or without their names.
  test.runIf(process.platform === "linux")("is not needed, nor a list, for what changed since the first refresh", () =>
    withRecords(async (folder) => {
      const store = fileStore(folder);
      let lists = 0;
      const counted = new Proxy(store, {
        get(target, key) {
          if (key === "listFolder" || key === "list") lists += 1;
          const value: unknown = Reflect.get(target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const open = openCatalog(counted);
      await open.find("points");
      await open.refresh();
      lists = 0;
      expect(await open.refresh()).toEqual({ added: [], removed: [] });
      for (let round = 0; round < 3; round++) {
        writeRecords(folder, [pointsOf(COUNT + round)]);
        rmSync(fileOf(folder, 10 + round));
        generateAgain(folder, 20 + round);
        rmSync(fileOf(folder, 30 + round));
        writeFileSync(fileOf(folder, 30 + round), "garbage");
        const { added, removed } = await open.refresh();
        expect(added.map(({ address }) => address).sort()).toEqual(
          [COUNT + round, 20 + round, 30 + round].map((n) => pointsOf(n).address).sort(),
        );
        expect(removed.map(({ address }) => address).sort()).toEqual(
          [10 + round, 20 + round, 30 + round].map((n) => pointsOf(n).address).sort(),
        );
      }
      expect(lists).toBe(0);
      expect((await open.find("points")).artifacts).toEqual(await entriesIn(folder, { index: false }));
      await open.close();
    }),
  );

  test("is ignored where it is damaged, newer or of another name, and made again", () =>
    withRecords(async (folder) => {
      const truth = await entriesIn(folder);
      const [file = ""] = indexFiles(folder);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
      writeFileSync(file, bytes);
      expect(await entriesIn(folder)).toEqual(truth);
      const [again = ""] = indexFiles(folder);
      expect(indexFiles(folder)).toHaveLength(1);
      const sound = readFileSync(again, "latin1").slice(0, -64);
      for (const [from, to] of [
        ['{"version":3', '{"version":4'],
        ['{"version":3', '{"version":2'],
        ['"name":"points"', '"name":"pointz"'],
        ['[\\"n\\",\\"params\\",\\"n\\"]', '[\\"n\\",\\"PARAMS\\",\\"n\\"]'],
      ] as const) {
        const changed = Buffer.from(sound.replace(from, to), "latin1");
        expect(changed.toString("latin1")).not.toBe(sound);
        writeFileSync(again, Buffer.concat([changed, Buffer.from(sha256Hex(changed))]));
        expect(await entriesIn(folder), to).toEqual(truth);
      }
      writeFileSync(again, "");
      writeFileSync(join(indexFolder(folder), "notes.txt"), "of a user");
      expect(await entriesIn(folder)).toEqual(truth);
      rmSync(indexFolder(folder), { recursive: true });
      expect(await entriesIn(folder)).toEqual(truth);
    }));

  test("tells explain and nearest the recipes, so that records are not read for them", () =>
    withRecords(async (folder) => {
      const near = await openCatalog(folder).nearest(recordOf(folder, 3), 2);
      // Written into the files themselves, which changes nothing in their folder.
      for (let n = 0; n < COUNT; n++) if (n !== 3) writeFileSync(fileOf(folder, n), "garbage");
      expect(await openCatalog(folder).nearest(recordOf(folder, 3), 2)).toEqual(near);
      const explanation = await points({ n: 3, kind: "new" }, { dataDir: folder }).explain();
      expect(explanation).toMatchObject({ reason: { nearest: { address: pointsOf(3).address } } });
      expect(explanation).not.toHaveProperty("reason.nearest.comparedRecords");
    }));

  test("stays in memory for a store that cannot be written", () =>
    withRecords(async (folder) => {
      const catalog: Catalog = openCatalog(readOnlyStore(fileStore(folder)));
      expect((await catalog.find("points")).total).toBe(COUNT);
      expect(readdirSync(folder)).toEqual(["points"]);
      expect(await catalog.refresh()).toEqual({ added: [], removed: [] });
    }));

  test("becomes few files again", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    const stamp = { sizeBytes: 1, modifiedMs: 1 };
    const written = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const columns = new EntryColumns("points");
      const index = new NameIndex(store, "points", store);
      await index.load(columns, undefined);
      expect(columns.size).toBe(round * 100);
      for (let n = 0; n < 100; n++) {
        const entry = entryOf(round * 100 + n);
        const row = columns.add(entry, [], stamp);
        index.added(row ?? -1);
        expect(columns.entryOf(row ?? -1)).toEqual(entry);
      }
      await index.save(columns, undefined, [], undefined);
      for (const file of indexFiles(folder.path)) written.add(file);
    }
    expect(indexFiles(folder.path).length).toBeLessThanOrEqual(17);
    expect(written.size).toBe(20);
  });
});

describe("an index that several processes keep", () => {
  test("is right while writers are at work and indexers are killed", { timeout: 600_000 }, async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    writeRecords(
      dataDir,
      Array.from({ length: COUNT }, (_, n) => points({ n: -n - 1 })),
    );
    const file = await buildChild("test/support/index-child.ts");
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = startChild(file, { job: "write", dataDir, first: kill * 150, count: 150 });
      const indexers = [0, 1].map(() => startChild(file, { job: "index", dataDir }));
      for (const indexer of indexers) await indexer.waitFor(() => true);
      const own = openCatalog(dataDir);
      await own.find("points");
      for (const indexer of indexers) indexer.kill("SIGKILL");
      await Promise.all(indexers.map(({ ended }) => ended));
      expect(await writer.ended, writer.complaints).toBe(0);
      await own.refresh();
      const truth = await entriesIn(dataDir, { index: false });
      expect(truth).toHaveLength(COUNT + 150 * (kill + 1));
      expect((await own.find("points")).artifacts).toEqual(truth);
      settle(dataDir);
      for (const _ of [1, 2]) expect(await entriesIn(dataDir)).toEqual(truth);
    }
  });

  test(`of ${ARTIFACTS} artifacts is right after writers, a collector and a killed indexer`, {
    timeout: 600_000,
  }, async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    writeRecords(dataDir, manyPoints(ARTIFACTS));
    const file = await buildChild("test/support/index-child.ts");
    const open = openCatalog(dataDir);
    await open.find("points");
    await open.refresh();
    const indexer = startChild(file, { job: "index", dataDir });
    await indexer.waitFor(() => true);
    const others = [
      startChild(file, { job: "write", dataDir, first: 0, count: 150 }),
      startChild(file, { job: "write", dataDir, first: 150, count: 150 }),
      startChild(file, { job: "collect", dataDir, query: "points n<0 n>=-50" }),
    ];
    let areAtWork = true;
    const ended = Promise.all(others.map((other) => other.ended)).finally(() => {
      areAtWork = false;
    });
    while (areAtWork) await open.refresh();
    indexer.kill("SIGKILL");
    await indexer.ended;
    expect(await ended, others.map(({ complaints }) => complaints).join("\n")).toEqual([0, 0, 0]);
    await open.refresh();
    const truth = await entriesIn(dataDir, { index: false });
    expect(truth).toHaveLength(ARTIFACTS + 300 - 50);
    expect((await open.find("points")).artifacts).toEqual(truth);
    await open.close();
    settle(dataDir);
    for (const _ of [1, 2]) expect(await entriesIn(dataDir)).toEqual(truth);
  });
});

function* manyPoints(count: number) {
  for (let n = 1; n <= count; n++) yield points({ n: -n });
}
