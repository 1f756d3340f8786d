import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { recordPath } from "../../src/artifact/layout/record-path.ts";
import { type Catalog, openCatalog } from "../../src/catalog/open/open-catalog.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeRecords } from "../support/write-records.ts";

const sample = definePersistable({
  name: "sample",
  params: typedParams<{ n: number; kind: string }>(),
  generate: () => 1,
});

function sampleOf(n: number) {
  return sample({ n, kind: `kind ${n % 3}` });
}

/** The answers of a catalogue that a person sees, in several orders. */
async function viewOf(catalog: Catalog, digits: string) {
  const window = async (query: string, sort?: string, offset?: number) => {
    const { total, artifacts } = await catalog.find(query, { sort, offset, limit: 7 });
    return [total, artifacts.map(({ address }) => address)];
  };
  return {
    newest: await window("sample"),
    later: await window("sample", undefined, 5),
    sorted: [await window("sample", "n"), await window("sample", "-n", 3), await window("sample", "address")],
    filtered: [
      await window("sample n>4"),
      await window('sample kind="kind 1"', "-address"),
      await window("sample n=3"),
    ],
    prefix: await window(`sample address=${digits}`),
    facets: await catalog.facets("sample n>2"),
  };
}

test("a catalogue that follows changes answers like one that was just opened", async () => {
  await using folder = await temporaryFolder();
  writeRecords(folder.path, [sampleOf(0)]);
  const following = openCatalog(folder.path, { index: false });
  await following.find("sample");
  const known = new Set([0]);
  let next = 1;
  const step = fc.record({ add: fc.integer({ min: 0, max: 90 }), remove: fc.integer({ min: 0, max: 90 }) });
  await fc.assert(
    fc.asyncProperty(step, async ({ add, remove }) => {
      const fresh = Array.from({ length: add }, () => next++);
      writeRecords(folder.path, fresh.map(sampleOf));
      for (const n of fresh) known.add(n);
      for (const n of [...known].filter((each) => (each * 7919) % 13 < 6).slice(0, Math.min(remove, known.size - 1))) {
        rmSync(join(folder.path, recordPath("sample", sampleOf(n).address)));
        known.delete(n);
      }
      await following.refresh();
      const opened = openCatalog(folder.path, { index: false });
      const digits = sampleOf(Math.max(...known)).address.slice(0, 1 + (add % 3));
      const view = await viewOf(following, digits);
      expect(view).toEqual(await viewOf(opened, digits));
      expect(view.newest[0]).toBe(known.size);
      await opened.close();
    }),
    { numRuns: 15 },
  );
  await following.close();
});

test("a process that has just read the index finds artifacts by any digits of their addresses", async () => {
  await using folder = await temporaryFolder();
  const numbers = Array.from({ length: 2500 }, (_, n) => n);
  const addresses = numbers.map((n) => sampleOf(n).address);
  writeRecords(folder.path, numbers.map(sampleOf));
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(join(folder.path, "sample"), hourAgo, hourAgo);
  for (const _ of ["builds the index", "reads it"]) {
    const catalog = openCatalog(folder.path);
    for (const at of [0, 700, 2499]) {
      const address = addresses[at] ?? "";
      expect((await catalog.resolve(address.slice(0, 12))).address).toBe(address);
      const { artifacts } = await catalog.find(`sample address=${address.slice(0, 2)}`);
      const expected = addresses.filter((each) => each.startsWith(address.slice(0, 2)));
      expect(artifacts.map((each) => each.address).sort()).toEqual(expected.sort());
    }
    await expect(catalog.resolve(`sample/${"0".repeat(64)}`)).rejects.toThrow("is not the address");
    await catalog.close();
  }
});

test("the most frequent values come first, and of equally frequent ones the smallest", async () => {
  await using folder = await temporaryFolder();
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  writeRecords(folder.path, [...numbers.map(sampleOf), ...[5, 150].map((n) => sample({ n, kind: "another" }))]);
  const facets = await openCatalog(folder.path, { index: false }).facets("sample");
  const valuesOf = (field: string) => facets.find((facet) => facet.field === field)?.values;
  expect(valuesOf("n")?.slice(0, 4)).toEqual([
    { value: 5, count: 2 },
    { value: 150, count: 2 },
    { value: 0, count: 1 },
    { value: 1, count: 1 },
  ]);
  expect(valuesOf("n")).toHaveLength(50);
  expect(valuesOf("kind")).toEqual([
    { value: "kind 0", count: 67 },
    { value: "kind 1", count: 67 },
    { value: "kind 2", count: 66 },
    { value: "another", count: 2 },
  ]);
  expect(valuesOf("created")?.[0]).toEqual({ value: { $date: "2026-01-01T00:00:00.000Z" }, count: 1 });
});
