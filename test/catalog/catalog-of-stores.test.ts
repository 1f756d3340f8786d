import { cpSync, existsSync } from "node:fs";
import { expect, test } from "vitest";
import { type Catalog, listRecords, openCatalog } from "../../src/entry/catalog.ts";
import { definePersistable, fileStore, typedParams } from "../../src/entry/index.ts";
import { layeredStore } from "../../src/layered/layered-store.ts";
import { readOnlyStore } from "../../src/store/read-only-store.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeRecords } from "../support/write-records.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; kind: string }>(),
  generate: () => 1,
});
/** Enough for an index. */
const COUNT = 120;

function* manyPoints(first: number, count = COUNT) {
  for (let n = first; n < first + count; n++) yield points({ n, kind: n % 3 === 0 ? "wide" : "narrow" });
}

async function answersOf(catalog: Catalog, dataDir: string) {
  const { value: record } = await listRecords(dataDir, "points").next();
  if (record === undefined || "problem" in record) throw new Error("there is no record to compare with");
  return {
    names: await catalog.names(),
    all: await catalog.find(""),
    some: await catalog.find("points n>100 kind=wide", { sort: "-n", limit: 7, offset: 2 }),
    facets: await catalog.facets("n<150"),
    resolved: await catalog.resolve(record.address.slice(0, 12)),
    latest: await catalog.resolve("points@latest"),
    nearest: (await catalog.nearest(record, 3)).map(({ differences }) => differences),
  };
}

test.each<readonly [string, (local: string, remote: string, all: string) => Store]>([
  [
    "a layered store",
    (local, remote) => layeredStore({ local: fileStore(local), remote: fileStore(remote), mode: "local:rw,remote:rw" }),
  ],
  [
    "a layered store that only reads the remote one",
    (local, remote) => layeredStore({ local: fileStore(local), remote: fileStore(remote), mode: "local:rw,remote:r" }),
  ],
  ["a store that is only read", (_local, _remote, all) => readOnlyStore(fileStore(all))],
])("the catalogue of %s answers as that of a folder with the same artifacts", async (_, open) => {
  await using folder = await temporaryFolder();
  const [local, remote, all] = [folder.join("local"), folder.join("remote"), folder.join("all")];
  const write = (part: string, first: number, count?: number): void => {
    writeRecords(part, manyPoints(first, count));
    cpSync(part, all, { recursive: true, preserveTimestamps: true });
  };
  write(local, 0);
  write(remote, COUNT);
  const truth = async () => answersOf(openCatalog(all, { index: false }), all);
  const store = open(local, remote, all);
  const first = openCatalog(store);
  expect(await answersOf(first, all)).toEqual(await truth());
  expect(await answersOf(openCatalog(store), all)).toEqual(await truth());

  await first.refresh();
  write(remote, 2 * COUNT, 1);
  const { added, removed } = await first.refresh();
  expect([added.map(({ params }) => params.n), removed]).toEqual([[2 * COUNT], []]);
  expect(await answersOf(first, all)).toEqual(await truth());
  await first.close();
  // Only a store that may be written keeps an index.
  expect(existsSync(folder.join("all/.persistable"))).toBe(false);
});
