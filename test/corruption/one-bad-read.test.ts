import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { byteStream } from "../../src/entry/formats/byte-stream.ts";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import { records } from "../../src/entry/formats/records.ts";
import { table } from "../../src/entry/formats/table.ts";
import {
  definePersistable,
  type Format,
  fileStore,
  json,
  memoryStore,
  npy,
  type Store,
  type StorePath,
} from "../../src/entry/index.ts";
import { collect, plan } from "../../src/entry/pipeline.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { readTable } from "../../src/entry/table.ts";
import { withBadRead } from "../support/bad-reads.ts";
import { chosenCases, triesAllCases } from "../support/chosen-cases.ts";
import { digestsIn } from "../support/faulty-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
/** Positions at which a bit is changed, as shares of the bytes that are read. */
const PLACES = [0.34, 0, 0.995, 0.66, 0.013, 0.09, 0.21, 0.5, 0.87, 1];
/** How many of them each read is tried with: one by default, and another one for the next read. */
const TRIED = Number(process.env.PERSISTABLE_TEST_DAMAGES ?? 1);

function placesFor(read: number): number[] {
  const start = read % PLACES.length;
  return [...PLACES.slice(start), ...PLACES.slice(0, start)].slice(0, TRIED);
}

interface Kind {
  readonly title: string;
  readonly format: unknown;
  readonly inlineBytes?: number;
  /** @param workDir - of the generator */
  generate(workDir: string): unknown;
  /** A payload as plain data. */
  plain(payload: unknown): Promise<unknown>;
}

const itemsOf = async (payload: unknown): Promise<unknown[]> => {
  const items: unknown[] = [];
  for await (const item of payload as AsyncIterable<unknown>) items.push(item);
  return items;
};
const rows = Array.from({ length: 50 }, (_, id) => ({ id, word: `word ${id % 7}` }));

const kinds: readonly Kind[] = [
  { title: "inline", format: json(), generate: () => ({ n: [1, 2, 3] }), plain: async (payload) => payload },
  {
    title: "file in memory",
    format: npy(),
    inlineBytes: 0,
    generate: () => Float64Array.from({ length: 300 }, (_, i) => i),
    plain: async (payload) => [...(payload as Float64Array)],
  },
  {
    title: "stream of records",
    format: records(),
    generate: async function* () {
      for (const row of rows) yield row;
    },
    plain: itemsOf,
  },
  {
    title: "stream of bytes",
    format: byteStream(),
    generate: async function* () {
      yield Buffer.alloc(3000, "abc");
    },
    plain: async (payload) => Buffer.concat((await itemsOf(payload)) as Uint8Array[]).toString(),
  },
  {
    title: "file",
    format: file(),
    generate: (workDir) => {
      writeFileSync(path.join(workDir, "film"), "a film");
      return path.join(workDir, "film");
    },
    plain: async (payload) => readFileSync(payload as string, "utf8"),
  },
  {
    title: "folder",
    format: directory(),
    generate: (workDir) => {
      for (const name of ["a.txt", "b.txt", "c.txt"]) writeFileSync(path.join(workDir, name), name.repeat(20));
      return workDir;
    },
    plain: async (payload) =>
      readdirSync(payload as string)
        .sort()
        .map((name) => [name, readFileSync(path.join(payload as string, name), "utf8")]),
  },
  { title: "table", format: table(), generate: () => rows, plain: async (payload) => payload },
];

/** Stores, and where a bad read happens in them. */
const places: readonly (readonly [title: string, make: (folder: string, spoil: (store: Store) => Store) => Store])[] = [
  ["a folder", (folder, spoil) => spoil(fileStore(folder, { durable: false }))],
  ["memory", (folder, spoil) => spoil(memoryOf(folder))],
  ["layers", (folder, spoil) => spoil(layeredStore({ local: memoryOf(folder), remote: memoryOf(`${folder} far`) }))],
  [
    "the local one of two layers",
    (folder, spoil) => layeredStore({ local: spoil(memoryOf(folder)), remote: memoryOf(`${folder} far`) }),
  ],
  [
    "the remote one of two layers",
    (folder, spoil) => layeredStore({ local: memoryStore(), remote: spoil(memoryOf(`${folder} far`)) }),
  ],
];

const memories = new Map<string, Store>();
function memoryOf(name: string): Store {
  const known = memories.get(name) ?? memoryStore();
  memories.set(name, known);
  return known;
}

interface Way {
  readonly title: string;
  readonly fits?: (kind: Kind) => boolean;
  /** Returns the result as plain data. */
  ask(build: () => ReturnType<ReturnType<typeof define>["build"]>, kind: Kind): Promise<unknown>;
}

const ways: readonly Way[] = [
  { title: "load", ask: async (build, kind) => kind.plain(await build().load()) },
  { title: "loadOrGenerate", ask: async (build, kind) => kind.plain(await build().loadOrGenerate()) },
  { title: "explain", ask: async (build) => (await build().explain()).state },
  { title: "isPersisted", ask: async (build) => build().isPersisted() },
  { title: "record", ask: async (build) => (await build().record())?.payload.digest },
  { title: "collect", ask: async (build) => (await collect([build()])).rows[0]?.["artifact.state"] },
  {
    title: "collect with metrics",
    ask: async (build, kind) =>
      (await collect([build()], { metrics: async (payload) => ({ all: JSON.stringify(await kind.plain(payload)) }) }))
        .rows[0]?.["metrics.all"],
  },
  { title: "plan", ask: async (build) => (await plan([build()])).bytesOnHand() },
  {
    title: "readTable",
    fits: ({ title }) => title === "table",
    ask: async (build) => [...(await readTable(build() as never, { columns: ["word"] as never })).rows()],
  },
];

function define(kind: Kind) {
  let generations = 0;
  const definition = definePersistable({
    name: "sample",
    format: kind.format as Format,
    ...(kind.inlineBytes === undefined ? {} : { inlineBytes: kind.inlineBytes }),
    generate: ({ workDir }): unknown => {
      generations++;
      return kind.generate(workDir);
    },
  });
  return {
    build: (dataDir: Store) => definition({}, { dataDir, logger: silent }),
    get generations() {
      return generations;
    },
  };
}

const cases = places.flatMap(([place, make]) =>
  kinds.flatMap((kind) =>
    ways.filter(({ fits }) => fits?.(kind) !== false).map((way) => ({ place, make, kind, title: kind.title, way })),
  ),
);

test.each(chosenCases(cases, 7))("a sound $title in $place outlives one bad read by $way.title", async (each) => {
  const {
    kind,
    make,
    way: { ask },
  } = each;
  await using folder = await temporaryFolder();
  const subject = define(kind);
  const sound = make(folder.path, (store) => store);
  await kind.plain(await subject.build(sound).loadOrGenerate());
  const expected = await ask(() => subject.build(make(folder.path, (store) => store)), kind);
  const stored = await digestsIn(sound);
  let spoiledReads = 0;
  for (let read = 0, isThere = true; isThere; read++) {
    for (const where of placesFor(read)) {
      let bad: ReturnType<typeof withBadRead> | undefined;
      const spoiled = make(folder.path, (store) => {
        bad = withBadRead(store, read, where);
        return bad.store;
      });
      const given = await ask(() => subject.build(spoiled), kind).catch((error: unknown) => error);
      expect([read, where, given]).toEqual([read, where, expected]);
      isThere = (bad?.count ?? 0) > read;
      if (isThere) spoiledReads++;
    }
  }
  expect(spoiledReads).toBeGreaterThan(0);
  expect(await digestsIn(sound)).toEqual(stored);
  expect(await listed(sound, ".persistable/quarantine/")).toEqual([]);
  expect(await kind.plain(await subject.build(sound).load())).toEqual(
    await kind.plain(await subject.build(sound).load()),
  );
  expect(subject.generations).toBe(1);
});

/**
 * A damaged artifact of each kind: one bit of its record, or of the payload beside it, is changed.
 */
const damages = kinds.flatMap((kind) => [
  { kind, what: "record" as const },
  ...(kind.title === "inline" ? [] : [{ kind, what: "payload" as const }]),
]);

describe.each(damages)("a $kind.title whose $what is damaged", ({ kind, what }) => {
  test("is generated again once, with one bad read anywhere on the way", async () => {
    for (let read = 0, isThere = true; isThere; read += triesAllCases ? 1 : 3) {
      await using folder = await temporaryFolder();
      const inner = fileStore(folder.path, { durable: false });
      const subject = define(kind);
      const expected = await kind.plain(await subject.build(inner).loadOrGenerate());
      await damage(inner, what);
      // Damage of a stream is found when it is read.
      await kind
        .plain(
          await subject
            .build(inner)
            .load()
            .catch(() => []),
        )
        .catch(() => {});
      const bad = withBadRead(inner, read, 0.4);
      const given = await kind.plain(await subject.build(bad.store).loadOrGenerate());
      expect([read, given]).toEqual([read, expected]);
      expect(await kind.plain(await subject.build(inner).load())).toEqual(expected);
      expect([read, subject.generations]).toEqual([read, 2]);
      isThere = bad.count > read;
    }
  });
});

test.each(kinds)("a $title is generated once, with one bad read anywhere on the way", async (kind) => {
  for (let read = 0, isThere = true; isThere; read++) {
    const inner = memoryStore();
    const subject = define(kind);
    const bad = withBadRead(inner, read, 0.4);
    const given = await kind.plain(await subject.build(bad.store).loadOrGenerate());
    expect(await kind.plain(await subject.build(inner).load())).toEqual(given);
    expect([read, subject.generations]).toEqual([read, 1]);
    isThere = bad.count > read;
  }
});

async function damage(store: Store, what: "record" | "payload"): Promise<void> {
  const paths = (await listed(store, "sample/")) as StorePath[];
  const target = paths.find((candidate) => /[0-9a-f]{64}\.json$/.test(candidate) === (what === "record"));
  const bytes = Buffer.from((target && (await store.read(target))) ?? "");
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
  if (target !== undefined) await store.replace(target, [bytes]);
}

async function listed(store: Store, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of store.list(prefix)) paths.push(entry.path);
  return paths;
}
