import { expect, test } from "vitest";
import {
  type AnyPersistable,
  definePersistable,
  memoryStore,
  type Persistable,
  persistFunction,
  typedParams,
} from "../../src/entry/index.ts";
import { persistableMap, plan, run } from "../../src/entry/pipeline.ts";

const NONE = typedParams<{ q?: number }>();

function createMap(version: number) {
  return persistableMap({
    name: "roles_emb",
    version,
    params: typedParams<{ model: string }>(),
    item: (text: string) => text,
    generateBatch: ({ items, params }) => items.map((item) => `${item}@${params.model}${version}`),
  });
}

function createIndex(version: number) {
  return definePersistable({
    name: "roles_index",
    dependencies: { emb: createMap(version) },
    params: NONE,
    generate: ({ dependencies }) => dependencies.emb.load(["a", "b"]),
  });
}

/** The process warnings of our own during the work. */
async function warningsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const heard: string[] = [];
  const listener = ({ name, message }: Error): void => {
    if (name === "PersistableWarning") heard.push(message);
  };
  process.on("warning", listener);
  try {
    await work();
    // Node emits warnings in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("warning", listener);
  }
  return heard;
}

test("a map is a dependency: its version and params are in the recipe, and it uses the dependent's store", async () => {
  const dataDir = memoryStore();
  const first = createIndex(1)({ emb: { model: "m" } }, { dataDir });
  expect(await first.payload).toEqual(["a@m1", "b@m1"]);
  const second = createIndex(2)({ emb: { model: "m" } }, { dataDir });
  expect(await second.explain()).toMatchObject({
    state: "miss",
    reason: { kind: "dependency-changed", changes: [{ what: "version", roles: ["emb"], value: 2, nearestValue: 1 }] },
  });
  expect(await second.payload).toEqual(["a@m2", "b@m2"]);
  expect(createIndex(2)({ emb: { model: "n" } }, { dataDir }).address).not.toBe(second.address);
  const record = await first.record();
  expect(record?.provenance.undeclared).toBeUndefined();
  expect(record?.dependencies.emb).toMatchObject({ name: "roles_emb", version: 1 });
  expect(createIndex(1)(record?.params as { emb: { model: string } }, { dataDir }).address).toBe(first.address);
  expect(await createMap(1)({ model: "m" }, { dataDir }).missing(["a", "b", "c"])).toEqual(["c"]);
});

test("a map that is built elsewhere can be given, and takes the store of its dependent", async () => {
  const dataDir = memoryStore();
  const emb = createMap(1)({ model: "given" });
  const index = createIndex(1)({ emb }, { dataDir });
  expect(index.address).toBe(createIndex(1)({ emb: { model: "given" } }).address);
  await index.payload;
  expect(await createMap(1)({ model: "given" }, { dataDir }).missing(["a"])).toEqual([]);
});

test("a map keeps the address that it has without a role", () => {
  expect(createMap(1)({ model: "m" }).address).toBe("fd7d4d7067ab5f260f653c6b1effce038565e4c9ae004ff1b890d853426ab4b7");
});

test("plans and runs leave families to the generators that use them", async () => {
  const dataDir = memoryStore();
  const index = createIndex(1)({ emb: { model: "m" } }, { dataDir });
  expect((await plan(index)).nodes.map(({ name }) => name)).toEqual(["roles_index"]);
  await run(index);
  expect((await index.explain()).state).toBe("hit");
});

test("a persisted function is a dependency, under its name and version", async () => {
  const dataDir = memoryStore();
  const calls: string[] = [];
  const create = (version: number) => {
    const shout = persistFunction(
      async (text: string) => {
        calls.push(text);
        return `${text}!${version}`;
      },
      { name: "roles_shout", version, dataDir: memoryStore() },
    );
    return definePersistable({
      name: "roles_crowd",
      dependencies: { shout },
      params: NONE,
      generate: async ({ dependencies }) => [await dependencies.shout("a"), await shout("b")],
    });
  };
  const crowd = create(1)({}, { dataDir });
  const heard = await warningsDuring(async () => expect(await crowd.payload).toEqual(["a!1", "b!1"]));
  expect(heard).toEqual([]);
  expect((await crowd.record())?.provenance.undeclared).toBeUndefined();
  expect(create(1)({}, { dataDir }).address).toBe(crowd.address);
  expect(await create(2)({}, { dataDir }).payload).toEqual(["a!2", "b!2"]);
  expect(calls).toEqual(["a", "b", "a", "b"]);
});

test("what a generator loads without declaring it is reported once, recorded, and kept in its store", async () => {
  const dataDir = memoryStore();
  const lines: string[] = [];
  const write = (message: string): void => void lines.push(message);
  const logger = { debug: write, info: write, warn: write, error: write };
  const up = definePersistable({
    name: "roles_up",
    version: 1,
    params: typedParams<{ k: number }>(),
    generate: ({ params }) => params.k,
  });
  const down = definePersistable({
    name: "roles_down",
    params: NONE,
    generate: async () => (await up({ k: 1 }).payload) + (await up({ k: 2 }).payload),
  });
  const one = down({ q: 1 }, { dataDir, logger });
  const heard = await warningsDuring(async () => {
    expect(await one.payload).toBe(3);
    await down({ q: 2 }, { dataDir }).payload;
  });
  expect(heard).toEqual([expect.stringContaining("Write dependencies: { rolesUp } in the definition of roles_down")]);
  expect(lines.join()).toContain("Now generating roles_up payload");
  const at = up({ k: 1 }, { dataDir });
  expect(await at.isPersisted()).toBe(true);
  expect((await one.record())?.provenance.undeclared).toEqual([
    { name: "roles_up", version: 1, address: at.address },
    { name: "roles_up", version: 1, address: up({ k: 2 }).address },
  ]);
  expect(await one.explain()).toMatchObject({ state: "hit" });
  expect(await one.explain()).not.toHaveProperty("undeclaredChanges");
});

test("explain says that an undeclared load has changed", async () => {
  const dataDir = memoryStore();
  const create = (version: number) =>
    definePersistable({ name: "roles_silent", version, params: NONE, generate: () => version });
  const before = create(1);
  const down = definePersistable({ name: "roles_stale", params: NONE, generate: () => before({ q: 1 }).payload })(
    {},
    { dataDir },
  );
  await down.payload;
  await new Promise((resolve) => setTimeout(resolve, 5));
  await before({ q: 1 }, { dataDir }).generate();
  const explained = { state: "hit", undeclaredChanges: [{ name: "roles_silent", change: "generated again since" }] };
  expect(await down.explain()).toMatchObject(explained);
  create(2);
  expect(await down.explain()).toMatchObject({ undeclaredChanges: [{ change: "version 2, was 1" }] });
});

test("a declared dependency, and what is upstream of it, is no undeclared load", async () => {
  const dataDir = memoryStore();
  const a = definePersistable({ name: "roles_a", params: NONE, generate: () => 1 });
  const b = definePersistable({
    name: "roles_b",
    dependencies: { a },
    generate: async ({ dependencies }) => dependencies.a.payload,
  });
  const c = definePersistable({
    name: "roles_c",
    dependencies: { b },
    generate: async ({ dependencies }) =>
      (await dependencies.b.payload) + (await dependencies.b.dependencies.a.payload),
  });
  const top: Persistable<number, object, { readonly b: AnyPersistable }> = c({}, { dataDir });
  const heard = await warningsDuring(async () => expect(await top.payload).toBe(2));
  expect(heard).toEqual([]);
  expect((await top.record())?.provenance.undeclared).toBeUndefined();
});
