import { mkdtempSync, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePersistable, NotPersistedError, typedParams } from "persistable-ts";
import { persistableMap, run, sweep } from "persistable-ts/pipeline";

// What a user's first tests do, under a runner that gives each file a realm of its own.

let dataDir;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "persistable-realm-"));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const kinds = definePersistable({
  name: "kinds",
  params: typedParams(),
  generate: ({ params }) => ({
    list: [params.n, { deep: [1] }],
    map: new Map([["a", new Date(0)]]),
    set: new Set([/x/g]),
    values: Float64Array.of(1, 2),
    bytes: Buffer.from("bytes"),
    big: 5n,
  }),
  // A promise of another realm is waited for like any other.
  validate: (_payload, { params }) => (params.n < 0 ? stat("/there/is/no/such/file") : undefined),
});

test("a miss is a miss, and not a failure of the disk", async () => {
  await expect(kinds({ n: 1 }, { dataDir }).load()).rejects.toBeInstanceOf(NotPersistedError);
  expect(await kinds({ n: 1 }, { dataDir }).isPersisted()).toBe(false);
});

test("a payload is persisted, and comes back as values of the program's own realm", async () => {
  const made = await kinds({ n: 2 }, { dataDir }).payload;
  const loaded = await kinds({ n: 2 }, { dataDir }).load();
  for (const payload of [made, loaded]) {
    expect(payload.list).toEqual([2, { deep: [1] }]);
    expect(payload.list).toBeInstanceOf(Array);
    expect(payload.map).toBeInstanceOf(Map);
    expect(payload.map.get("a")).toBeInstanceOf(Date);
    expect(payload.set).toBeInstanceOf(Set);
    expect([...payload.set][0]).toBeInstanceOf(RegExp);
    expect([...payload.values]).toEqual([1, 2]);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  }
});

test("what was loaded can be persisted again", async () => {
  const again = definePersistable({
    name: "again",
    dependencies: { kinds },
    generate: async ({ dependencies }) => ({ copied: await dependencies.kinds.payload }),
  });
  await again({ kinds: { n: 3 } }, { dataDir }).payload;
  expect((await again({ kinds: { n: 3 } }, { dataDir }).load()).copied.map.size).toBe(1);
});

test("a validator that returns a promise of the runner's realm is heard", async () => {
  await expect(kinds({ n: -1 }, { dataDir }).payload).rejects.toThrow(/not valid|no such file/);
  expect(await kinds({ n: -1 }, { dataDir }).isPersisted()).toBe(false);
});

test("params of every kind have an address", async () => {
  const params = { n: 1, when: new Date(0), list: [new Map([[1, new Set([2])]])], bytes: new Uint8Array([1]) };
  const any = definePersistable({ name: "any", params: typedParams(), generate: () => 1 });
  expect(any(params, { dataDir }).address).toBe(any(structuredClone(params), { dataDir }).address);
});

test("runs, sweeps and maps work on disk", async () => {
  expect((await run(sweep(kinds, { n: [4, 5] }, { dataDir }))).generated).toBe(2);
  const items = persistableMap({
    name: "items",
    item: (item) => item,
    generateBatch: ({ items: all }) => all.map((item) => ({ item })),
  });
  expect(await items({}, { dataDir }).load(["a", "b"])).toEqual([{ item: "a" }, { item: "b" }]);
  expect(await items({}, { dataDir }).missing(["a", "c"])).toEqual(["c"]);
});
