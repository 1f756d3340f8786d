import { describe, expect, test } from "vitest";
import { collectOrphans, NotPersistedError, StoreError, StoreIoError } from "../../src/entry/index.ts";
import { type LayeredMode, layeredStore } from "../../src/entry/stores/layered.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { collect } from "../../src/pipeline/collect/collect.ts";
import { findNearest } from "../../src/pipeline/compare/find-nearest.ts";
import { persistableMap } from "../../src/pipeline/map/define-map.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store, StorePath } from "../../src/store/store.ts";
import { brokenArtifacts, digestsIn, type FaultyStore, faultyStore } from "../support/faulty-store.ts";
import { type PayloadKind, payloadKinds } from "../support/payload-kinds.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const writingModes: readonly LayeredMode[] = ["local:rw,remote:rw", "local:rw,remote:r", "local:r,remote:rw"];
const allModes: readonly LayeredMode[] = [...writingModes, "local:r,remote:r"];
/** Two days on, so that nothing is too young to be an orphan. */
const later = () => ({ nowMs: Date.now() + 2 * 24 * 60 * 60 * 1000 });

const open = (local: Store, remote: Store, mode?: LayeredMode) =>
  layeredStore({ local, remote, mode, onRemoteFailure() {} });

async function shared(kind: PayloadKind): Promise<FaultyStore> {
  const remote = faultyStore(memoryStore());
  await kind.ask(remote, 1, "generate");
  return remote;
}

describe.each(payloadKinds)("an orphan hunt beside a $name payload", (kind) => {
  for (const mode of writingModes) {
    test(`removes nothing where any one call of the remote fails (${mode})`, async () => {
      const remote = await shared(kind);
      const sound = await digestsIn(remote);
      for (const keeps of [false, true])
        for (let failing = 0; failing < 8; failing++) {
          const local = memoryStore();
          if (keeps) await kind.ask(open(local, remote), 2, "load");
          const kept = await digestsIn(local);
          let calls = 0;
          remote.fails = () => calls++ === failing;
          await collectOrphans(open(local, remote, mode), kind.name, later()).catch((error: unknown) =>
            expect(error).toBeInstanceOf(StoreError),
          );
          remote.fails = () => false;
          expect(await digestsIn(remote), `call ${failing}`).toEqual(sound);
          expect(await digestsIn(local), `call ${failing}`).toEqual(kept);
        }
    });

    test(`says so where the remote is away, and removes nothing (${mode})`, async () => {
      const remote = await shared(kind);
      const sound = await digestsIn(remote);
      remote.isDown = true;
      const hunt = collectOrphans(open(memoryStore(), remote, mode), kind.name, later());
      await expect(hunt).rejects.toBeInstanceOf(StoreIoError);
      remote.isDown = false;
      expect(await digestsIn(remote)).toEqual(sound);
    });
  }

  test("leaves the payload of the remote's record where the local record names another one", async () => {
    const remote = await shared(kind);
    const local = memoryStore();
    await kind.ask(local, 2, "generate");
    const sound = await digestsIn(remote);
    for (const mode of writingModes)
      expect(await collectOrphans(open(local, remote, mode), kind.name, later())).toEqual({ files: [], sizeBytes: 0 });
    expect(await digestsIn(remote)).toEqual(sound);
    expect(await kind.ask(local, 3, "load")).toBe(2);
  });
});

test("an orphan hunt still finds what is one", async () => {
  for (const mode of ["local:rw,remote:rw", "local:r,remote:rw"] as const) {
    const [kind] = payloadKinds.slice(1);
    const remote = await shared(kind as PayloadKind);
    for (const path of (await digestsIn(remote)).keys()) if (path.endsWith(".json")) await remote.remove(path);
    const { files } = await collectOrphans(open(memoryStore(), remote, mode), "npy", later());
    expect(files).toHaveLength(1);
    expect(await digestsIn(remote)).toEqual(new Map());
  }
});

test("a listing that breaks off in the middle removes nothing", async () => {
  const remote = memoryStore();
  const numbers = definePersistable({
    name: "numbers",
    params: typedParams<{ readonly seed: number }>(),
    generate: ({ params }) => "x".repeat(10_000 + params.seed),
  });
  for (let seed = 0; seed < 5; seed++) await numbers({ seed }, { dataDir: remote, logger: silent }).payload;
  for (const [path] of await digestsIn(remote)) if (path.endsWith(".json")) await remote.remove(path);
  const orphans = await digestsIn(remote);
  for (let last = 0; last < 5; last++) {
    const broken = faultyStore(remote);
    const list = broken.list.bind(broken);
    broken.list = async function* (prefix, options) {
      let listed = 0;
      for await (const entry of list(prefix, options)) {
        if (listed++ === last) broken.isDown = true;
        yield entry;
      }
    };
    for (const mode of writingModes) {
      broken.isDown = false;
      await expect(collectOrphans(open(memoryStore(), broken, mode), "numbers", later())).rejects.toThrow(
        /ECONNREFUSED/,
      );
    }
    expect(await digestsIn(remote)).toEqual(orphans);
  }
});

describe.each(payloadKinds)("a remote that does not answer, asked for a $name payload", (kind) => {
  for (const mode of allModes) {
    test(`is reported as what it is (${mode})`, async () => {
      const remote = await shared(kind);
      remote.isDown = true;
      const store = open(memoryStore(), remote, mode);
      const persistable = kind.at(store);
      for (const asked of [
        () => kind.ask(store, 2, "load"),
        () => persistable.isPersisted(),
        () => persistable.explain(),
        () => persistable.record(),
      ])
        for (let time = 0; time < 2; time++)
          await expect(asked()).rejects.toMatchObject({ systemCode: "ECONNREFUSED" });
      // No rest after several failures, and nothing that is hidden, keeps the truth away once it is
      // back.
      remote.isDown = false;
      expect(await persistable.isPersisted()).toBe(true);
      expect(await kind.ask(store, 2, "load")).toBe(1);
    });

    test(`is reported as what it is, whatever single call fails (${mode})`, async () => {
      for (const how of [true, "late"] as const)
        for (let failing = 0; failing < 8; failing++) {
          const remote = await shared(kind);
          const store = open(memoryStore(), remote, mode);
          let calls = 0;
          remote.fails = () => calls++ === failing && how;
          const loaded = await kind.ask(store, 2, "load").catch((error: unknown) => error);
          if (loaded !== 1) expect(loaded).toMatchObject({ systemCode: "ECONNREFUSED" });
          expect(await kind.ask(store, 2, "load").catch(() => kind.ask(store, 2, "load"))).toBe(1);
        }
    });
  }

  test("costs a new payload, which is this machine's own until it is pushed", async () => {
    const remote = await shared(kind);
    const sound = await digestsIn(remote);
    remote.isDown = true;
    const store = open(memoryStore(), remote);
    expect(await kind.ask(store, 2, "loadOrGenerate")).toBe(2);
    remote.isDown = false;
    expect(await kind.ask(store, 3, "load")).toBe(2);
    expect(await digestsIn(remote)).toEqual(sound);
  });

  test("does not end a stream that was handed out as if it were damaged", async () => {
    const remote = await shared(kind);
    // What cannot be kept is read from the remote piece by piece.
    const store = open(memoryStore(), remote, "local:r,remote:rw");
    remote.fails = (operation) => operation === "read" && remote.calls.filter((call) => /^read/.test(call)).length > 1;
    for (const asked of ["load", "loadOrGenerate"] as const) {
      remote.calls.length = 0;
      const read = await kind.ask(store, 2, asked).catch((error: unknown) => error);
      if (typeof read !== "number") expect(read).toBeInstanceOf(StoreError);
    }
    remote.fails = () => false;
    expect(await brokenArtifacts(remote)).toEqual([]);
  });
});

test("a table of artifacts, and the nearest of them, are not given as if the remote were empty", async () => {
  const [kind] = payloadKinds;
  const remote = await shared(kind as PayloadKind);
  remote.isDown = true;
  const store = open(memoryStore(), remote);
  const built = (kind as PayloadKind).at(store) as never;
  await expect(collect(built)).rejects.toBeInstanceOf(StoreIoError);
  await expect(findNearest(built)).rejects.toBeInstanceOf(StoreIoError);
  const empty = (kind as PayloadKind).at(open(memoryStore(), memoryStore()));
  expect(await empty.isPersisted()).toBe(false);
  await expect((empty as unknown as { load(): Promise<unknown> }).load()).rejects.toBeInstanceOf(NotPersistedError);
});

describe("packs of many items", () => {
  let generated = 0;
  const squares = persistableMap({
    name: "squares",
    item: (item: number) => item,
    batchSize: 2,
    generateBatch: ({ items }) => {
      generated += items.length;
      return items.map((item) => item * item);
    },
  });
  const items = [1, 2, 3, 4, 5, 6];
  const load = (store: Store) => squares({}, { dataDir: store, logger: silent }).load(items);
  const expected = items.map((item) => item * item);

  test("that are damaged locally are taken from the remote, each time, and stay whole there", async () => {
    const [local, remote] = [memoryStore(), memoryStore()];
    await load(open(local, remote));
    const sound = await digestsIn(remote);
    generated = 0;
    for (let round = 0; round < 4; round++)
      for (const at of [4, 70, -40, -2]) {
        for (const path of sound.keys()) {
          const bytes = (await local.read(path)) as Uint8Array;
          await local.replace(path, [bytes.with(at < 0 ? bytes.length + at : at, 7)]);
        }
        for (const mode of allModes) expect(await load(open(local, remote, mode))).toEqual(expected);
        expect(await digestsIn(remote)).toEqual(sound);
        // A header stands in each pack twice, so that a damaged one need not be taken from the
        // remote.
        for (const path of sound.keys()) await local.replace(path, [(await remote.read(path)) as Uint8Array]);
      }
    expect(generated).toBe(0);
  });

  test("of which one byte after the other is damaged locally are never generated again", async () => {
    const [local, remote] = [memoryStore(), memoryStore()];
    await load(open(local, remote));
    const sound = await digestsIn(remote);
    const [path = "" as StorePath] = sound.keys();
    const bytes = (await remote.read(path)) as Uint8Array;
    generated = 0;
    for (let at = 0; at < bytes.length; at += 13) {
      await local.replace(path, [bytes.with(at, (bytes[at] as number) ^ 1)]);
      expect(await load(open(local, remote)), `byte ${at}`).toEqual(expected);
    }
    expect(generated).toBe(0);
    expect(await digestsIn(remote)).toEqual(sound);
  });

  test("are not compacted away where any call of the remote fails", async () => {
    for (let failing = 0; failing < 25; failing++)
      for (const mode of writingModes) {
        const remote = faultyStore(memoryStore());
        await load(remote);
        const store = open(memoryStore(), remote, mode);
        let calls = 0;
        remote.fails = () => calls++ === failing;
        await squares({}, { dataDir: store, logger: silent })
          .compact()
          .catch((error: unknown) => expect(error).toBeInstanceOf(StoreError));
        remote.fails = () => false;
        generated = 0;
        expect(await load(remote)).toEqual(expected);
        expect(generated, `call ${failing}, ${mode}`).toBe(0);
      }
  });
});
