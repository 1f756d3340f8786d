import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { recordPath } from "../../src/artifact/layout/record-path.ts";
import { listRecords } from "../../src/catalog/entries/list-records.ts";
import { listNames } from "../../src/catalog/list-names.ts";
import { openCatalog } from "../../src/catalog/open/open-catalog.ts";
import type { CatalogEntry } from "../../src/catalog/query/catalog-entry.ts";
import { matches } from "../../src/catalog/query/matches.ts";
import { parseQuery } from "../../src/catalog/query/parse-query.ts";
import { sortEntries } from "../../src/catalog/query/sort-entries.ts";
import { tagArtifact, untagArtifact } from "../../src/housekeeping/tags.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { run } from "../../src/runner/run.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeRecords } from "../support/write-records.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; when?: Date; opts?: { rate: number } }>(),
  summarize: (payload) => ({ twice: Number(payload) * 2, at: new Date(0) }),
  generate: ({ params, cost }) => {
    cost({ usd: 0.5 });
    return params.n;
  },
});
const estimator = definePersistable({
  name: "my estimator",
  version: 2,
  dependencies: { train: points, test: points },
  params: typedParams<{ z: number; kind?: string }>(),
  generate: async ({ params, dependencies }) => {
    await Promise.all([dependencies.train.payload, dependencies.test.payload]);
    if (params.z < 0) throw new Error("singular \u001b[2J matrix");
    return params.z;
  },
});
const logger = { debug() {}, info() {}, warn() {}, error() {} };

describe.each(["a folder", "memory"])("a catalogue of %s", (kind) => {
  let dataDir = memoryStore();
  let folder: Awaited<ReturnType<typeof temporaryFolder>> | undefined;

  beforeAll(async () => {
    if (kind === "a folder") {
      folder = await temporaryFolder();
      dataDir = fileStore(folder.path, { durable: false });
    }
    for (const z of [1, 2, 3])
      await estimator(
        { z, kind: "wide", train: { n: z }, test: { n: 10, when: new Date(0), opts: { rate: 0.5 } } },
        { dataDir, logger },
      ).payload;
    await run([estimator({ z: -1, train: { n: 1 }, test: { n: 1 } }, { dataDir, logger })], {
      keepGoing: "everything",
    }).catch(() => {});
    return async () => folder?.[Symbol.asyncDispose]();
  });

  test("names what is there", async () => {
    const catalog = openCatalog(dataDir);
    expect(await catalog.names()).toEqual(["my estimator", "points"]);
    const names: string[] = [];
    for await (const name of listNames(dataDir)) names.push(name);
    expect(names.sort()).toEqual(["my estimator", "points"]);
    await catalog.close();
    await expect(catalog.names()).rejects.toThrow("closed");
  });

  test("gives entries as plain data", async () => {
    const { total, artifacts } = await openCatalog(dataDir).find('"my estimator" z=2');
    expect(total).toBe(1);
    const [entry] = artifacts;
    const inner = points({ n: 10, when: new Date(0), opts: { rate: 0.5 } });
    expect(entry).toEqual({
      address: estimator({
        z: 2,
        kind: "wide",
        train: { n: 2 },
        test: { n: 10, when: new Date(0), opts: { rate: 0.5 } },
      }).address,
      name: "my estimator",
      state: "present",
      params: {
        train: { n: 2 },
        test: { n: 10, when: { $date: "1970-01-01T00:00:00.000Z" }, opts: { rate: 0.5 } },
        z: 2,
        kind: "wide",
      },
      summary: {},
      createdAt: expect.stringMatching(/^2.*Z$/),
      durationMs: expect.any(Number),
      sizeBytes: expect.any(Number),
      format: expect.any(String),
      version: 2,
      dependencies: {
        train: { name: "points", address: points({ n: 2 }).address },
        test: { name: "points", address: inner.address },
      },
    });
    expect(
      Object.keys(entry?.params ?? {})
        .slice(0, 2)
        .sort(),
    ).toEqual(["test", "train"]);
    const found = await openCatalog(dataDir).find(`address=${inner.address}`);
    expect(found.artifacts).toMatchObject([
      { summary: { twice: 20, at: { $date: "1970-01-01T00:00:00.000Z" } }, cost: { usd: 0.5 } },
    ]);
    expect(JSON.parse(JSON.stringify(artifacts))).toEqual(artifacts);
  });

  test("tells failures, and what is made from an artifact", async () => {
    const catalog = openCatalog(dataDir);
    const { artifacts } = await catalog.find("state=failed");
    expect(artifacts).toMatchObject([{ name: "my estimator", params: { z: -1, train: { n: 1 } } }]);
    expect(artifacts[0]?.problem).toContain("matrix");
    expect(artifacts[0]?.problem).not.toContain("\u001b");
    const from = await catalog.find(`from=${points({ n: 3 }).address.slice(0, 12)}`);
    expect(from.artifacts).toMatchObject([{ params: { z: 3 } }]);
  });

  test("sorts, and gives a window and some columns", async () => {
    const catalog = openCatalog(dataDir);
    const zs = async (sort: string | string[], limit?: number, offset?: number) =>
      (await catalog.find("z>0", { sort, limit, offset, columns: ["z"] })).artifacts.map(({ params }) => params);
    expect(await zs("z")).toEqual([{ z: 1 }, { z: 2 }, { z: 3 }]);
    expect(await zs("-z", 1)).toEqual([{ z: 3 }]);
    expect(await zs(["kind", "z"], 1, 1)).toEqual([{ z: 2 }]);
    expect((await catalog.find("z>0", { limit: 1, columns: ["test.opts"] })).artifacts[0]?.params).toEqual({
      test: { opts: { rate: 0.5 } },
    });
    expect((await catalog.find("z>0", { limit: 0 })).total).toBe(3);
    const newest = (await catalog.find("state=present")).artifacts.map(({ createdAt }) => createdAt ?? "");
    expect(newest).toEqual([...newest].sort().reverse());
  });

  test("resolves what one artifact is called", async () => {
    const catalog = openCatalog(dataDir);
    const { address } = points({ n: 3 });
    for (const text of [
      address.slice(0, 8),
      address,
      `points/${address.slice(0, 4)}`,
      "points{n=3}",
      "points{n=3,-when?}",
    ])
      expect((await catalog.resolve(text)).address, text).toBe(address);
    const latest = await catalog.resolve("my estimator@latest");
    expect(latest.createdAt).toBe((await catalog.find('"my estimator" state=present')).artifacts[0]?.createdAt);
    await expect(catalog.resolve("points{n>0}")).rejects.toThrow(/fits 4 artifacts: points\/[0-9a-f]{12} \(2/);
    await expect(catalog.resolve("points{n=77}")).rejects.toThrow("fits no artifact");
    await expect(catalog.resolve("ffff0000")).rejects.toThrow("is not the address");
    await expect(catalog.resolve("pints@latest")).rejects.toThrow("it has my estimator, points");
    await expect(catalog.resolve("points@best")).rejects.toThrow("points@latest");
    await expect(catalog.resolve("points@")).rejects.toThrow("does not name an artifact");
    await tagArtifact(dataDir, `points/${address}`, "very best");
    expect((await catalog.resolve("points@very best")).address).toBe(address);
    await expect(catalog.resolve("my estimator@very best")).rejects.toThrow("no artifact of that name has");
    await untagArtifact(dataDir, "points", "very best");
    await expect(catalog.resolve("3f")).rejects.toThrow("at least 4 digits");
  });

  test("counts the values of each field", async () => {
    const facets = await openCatalog(dataDir).facets('"my estimator" state=present');
    const facet = (field: string) => facets.find((each) => each.field === field);
    expect(facet("kind")).toEqual({ field: "kind", count: 3, distinct: 1, values: [{ value: "wide", count: 3 }] });
    expect(facet("z")?.histogram).toMatchObject({ min: 1, max: 3 });
    expect(facet("z")?.histogram?.bins.reduce((sum, count) => sum + count)).toBe(3);
    expect(facet("test.when")?.histogram).toEqual({ min: 0, max: 0, bins: [3] });
    expect(facet("train.n")?.distinct).toBe(3);
    expect(facets[0]?.field).toBe("name");
  });

  test("knows what is made from an artifact, and what is near one", async () => {
    const catalog = openCatalog(dataDir);
    const shared = points({ n: 10, when: new Date(0), opts: { rate: 0.5 } }, { dataDir });
    expect((await catalog.dependents(shared.address)).map(({ params }) => params.z).sort()).toEqual([1, 2, 3]);
    expect(await catalog.dependents(estimator({ z: 1, train: { n: 1 }, test: { n: 1 } }).address)).toEqual([]);
    const record = await points({ n: 3 }, { dataDir }).record();
    if (record === undefined) throw new Error("It was generated above.");
    const near = await catalog.nearest(record, 2);
    expect(near.map(({ entry, differences }) => [entry.params, differences])).toEqual([
      [{ n: 2 }, 1],
      [{ n: 1 }, 1],
    ]);
  });

  test("tells how many bytes each name takes", async () => {
    await dataDir.writeFresh(storePath("points", `${"0".repeat(64)}.00000000.json`), [new Uint8Array(7)]);
    await dataDir.writeFresh(storePath(".persistable", "quarantine", "points", "x"), [new Uint8Array(5)]);
    const usage = await openCatalog(dataDir).usage();
    const [first, second] = usage.filter(({ name }) => name !== undefined);
    expect(first).toMatchObject({ name: "my estimator", artifacts: 3, orphanBytes: 0 });
    expect(first?.otherBytes).toBeGreaterThan(0);
    expect(second).toMatchObject({ name: "points", artifacts: 4, orphanBytes: 7, quarantineBytes: 5, payloadBytes: 0 });
    let listed = 0;
    for await (const { sizeBytes } of dataDir.list("")) listed += sizeBytes;
    const counted = usage.map(
      (each) => each.recordBytes + each.payloadBytes + each.orphanBytes + each.quarantineBytes + each.otherBytes,
    );
    expect(counted.reduce((sum, bytes) => sum + bytes)).toBe(listed);
  });

  test("tells what changes, in new names as well", async () => {
    const catalog = openCatalog(dataDir);
    const changes = catalog.watch({ pollMs: 20 })[Symbol.asyncIterator]();
    const next = changes.next();
    const late = definePersistable({ name: "late", generate: () => 1 })({}, { dataDir, logger });
    await late.payload;
    expect((await next).value).toMatchObject({ added: [{ name: "late" }], removed: [] });
    await late.remove();
    expect((await changes.next()).value).toMatchObject({ added: [], removed: [{ name: "late" }] });
    const last = changes.next();
    await catalog.close();
    expect((await last).done).toBe(true);
  });

  test("sees what is new after a refresh", async () => {
    const catalog = openCatalog(dataDir);
    const before = (await catalog.find("points")).total;
    const fresh = points({ n: 99 }, { dataDir, logger });
    await fresh.payload;
    expect((await catalog.find("points")).total).toBe(before);
    expect(await catalog.refresh()).toMatchObject({ added: [{ address: fresh.address }], removed: [] });
    expect((await catalog.find("points n=99")).total).toBe(1);
    await fresh.remove();
    expect(await catalog.refresh()).toMatchObject({ added: [], removed: [{ address: fresh.address }] });
  });
});

test("damaged records are told and hide no other", async () => {
  await using folder = await temporaryFolder();
  const dataDir = fileStore(folder.path, { durable: false });
  const made = [1, 2, 3, 4].map((n) => points({ n }, { dataDir, logger }));
  writeRecords(folder.path, made);
  const [cut, foreign, newer] = made.map(({ address }) => join(folder.path, recordPath("points", address)));
  await truncate(cut ?? "", 100);
  await rm(foreign ?? "");
  await writeFile(foreign ?? "", '{"record":1,"params":{"__proto__":5}}');
  await writeFile(newer ?? "", '{\n  "record": 2\n}\n');
  const { artifacts } = await openCatalog(folder.path).find("points", { sort: "state" });
  expect(artifacts.map(({ state }) => state)).toEqual(["damaged", "damaged", "newer", "present"]);
  expect(artifacts[0]?.problem).toEqual(expect.any(String));
  const listed: unknown[] = [];
  for await (const found of listRecords(folder.path, "points"))
    listed.push("problem" in found ? "problem" : found.params);
  expect(listed.sort()).toEqual([{ n: 4 }, "problem", "problem", "problem"].sort());
});

test("find gives what a plain filter of all entries gives, for any query", async () => {
  await using folder = await temporaryFolder();
  const dataDir = fileStore(folder.path, { durable: false });
  const values = [0, 1, 2.5, -1];
  const kinds = ["a", "b", "1", undefined];
  writeRecords(
    folder.path,
    values.flatMap((z) =>
      kinds.map((kind) =>
        estimator(
          { z, ...(kind === undefined ? {} : { kind }), train: { n: z }, test: { n: 1, opts: { rate: z } } },
          { dataDir },
        ),
      ),
    ),
  );
  const catalog = openCatalog(folder.path);
  const every: readonly CatalogEntry[] = (await catalog.find("")).artifacts;
  expect(every).toHaveLength(16);
  const field = fc.constantFrom(
    "z",
    "kind",
    "train.n",
    "test.opts.rate",
    "test",
    "version",
    "created",
    "none",
    "summary.k",
    "name",
  );
  const value = fc.constantFrom("0", "1", "2.5", "a", '"1"', "2026-01-01", "2026");
  const term = fc
    .tuple(fc.constantFrom("", "-"), field, fc.constantFrom("=", "<", ">", "<=", ">=", "~"), value)
    .map((parts) => parts.join(""));
  const query = fc.array(fc.oneof(term, fc.constantFrom("z?", "-kind?", "test?", '"my estimator"', "points")), {
    maxLength: 3,
  });
  const sortField = fc.constantFrom("z", "kind", "train.n", "created", "address", "version", "draw", "none", "state");
  const order = fc.array(
    fc.tuple(fc.constantFrom("", "-"), sortField).map((parts) => parts.join("")),
    { maxLength: 2 },
  );
  await fc.assert(
    fc.asyncProperty(query, order, fc.integer({ min: 0, max: 17 }), async (terms, sort, limit) => {
      const text = terms.join(" ").replaceAll(/created([<>=~]+)("1"|[a1]|0|2\.5)(?= |$)/g, "created$12026-01-01");
      const { total, artifacts } = await catalog.find(text);
      expect(total).toBe(artifacts.length);
      const expected = every.filter((entry) => matches(parseQuery(text), entry));
      expect(artifacts).toEqual(expected);
      const sorted = await catalog.find(text, { sort, limit, offset: 1 });
      expect(sorted.artifacts).toEqual(sortEntries(expected, sort).slice(1, 1 + limit));
    }),
    { numRuns: 200 },
  );
});
