import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { byteStream } from "../../src/formats/byte-stream.ts";
import { directory } from "../../src/formats/directory.ts";
import {
  CorruptArtifactError,
  definePersistable,
  memoryStore,
  npy,
  ObjectTooLargeError,
  type Store,
} from "../../src/index.ts";
import { storePath } from "../../src/store/store-path.ts";
import { type LayeredMode, type LayeredStore, layeredStore, ReadOnlyStoreError } from "../../src/stores/layered.ts";
import { brokenArtifacts, digestsIn, type FaultyStore, faultyStore, objectsIn } from "../support/faulty-store.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const PATH = storePath("points", "3f9a.json");
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Layers {
  readonly local: Store;
  readonly remote: FaultyStore;
  readonly store: LayeredStore;
}

function layers(remote: FaultyStore = faultyStore(memoryStore()), mode?: LayeredMode): Layers {
  const local = memoryStore();
  return { local, remote, store: layeredStore({ local, remote, mode, onRemoteFailure() {} }) };
}

/** Each object generates a payload of its own: whose it is can be seen. */
function points(maker: number, onGenerate: () => unknown = () => {}) {
  return definePersistable({
    name: "points",
    format: npy(),
    generate: async () => {
      await onGenerate();
      return new Float64Array(1000).fill(maker);
    },
  });
}

const load = async (store: Store, maker: number, onGenerate?: () => unknown): Promise<number> => {
  const payload = await points(maker, onGenerate)({}, { dataDir: store, logger: silent }).payload;
  expect(new Set(payload).size).toBe(1);
  return payload[0] as number;
};

const word = (store: Store, value: string): Promise<string> =>
  definePersistable({ name: "word", generate: () => value })({}, { dataDir: store, logger: silent }).payload;

const never = (): never => expect.unreachable("generated");

describe("reading through", () => {
  test("asks the local store first, and the remote only for what is not there", async () => {
    const { local, remote, store } = layers();
    await local.createIfAbsent(PATH, [text("local")]);
    expect(await store.read(PATH)).toEqual(text("local"));
    expect((await store.stat(PATH))?.sizeBytes).toBe(5);
    expect(remote.calls).toEqual([]);
  });

  test("keeps what the remote has, and does not ask again", async () => {
    const { local, remote, store } = layers();
    await remote.createIfAbsent(PATH, [text("remote")]);
    expect(await store.read(PATH)).toEqual(text("remote"));
    remote.isDown = true;
    expect(await store.read(PATH)).toEqual(text("remote"));
    expect(await local.read(PATH)).toEqual(text("remote"));
  });

  test("loads an artifact that others have made, and needs the remote no more", async () => {
    const { local, remote, store } = layers();
    expect(await load(remote, 1)).toBe(1);
    expect(await load(store, 2, never)).toBe(1);
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
    remote.isDown = true;
    expect(await load(store, 2, never)).toBe(1);
    expect(await word(store, "own")).toBe("own");
  });

  test("keeps a record that has its payload inside", async () => {
    const { local, remote, store } = layers();
    await word(remote, "shared");
    expect(await word(store, "own")).toBe("shared");
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
  });

  test("keeps no record before its payload", async () => {
    const { local, remote, store } = layers();
    await load(remote, 1);
    const [record = PATH, payload = PATH] = [...(await objectsIn(remote)).keys()]
      .sort((a, b) => b.length - a.length)
      .reverse();
    expect(await store.read(record)).toEqual(await remote.read(record));
    expect([...(await objectsIn(local)).keys()]).toEqual([]);
    expect(await store.read(payload)).toEqual(await remote.read(payload));
    expect([...(await objectsIn(local)).keys()].sort()).toEqual([payload, record].sort());
  });

  test("keeps no record whose payload cannot be had, and generates the payload instead", async () => {
    const { local, remote, store } = layers();
    await load(remote, 1);
    remote.fails = (_operation, path) => path.endsWith(".npy");
    expect(await load(store, 2)).toBe(2);
    remote.fails = () => false;
    expect(await brokenArtifacts(local)).toEqual([]);
    expect(await brokenArtifacts(remote)).toEqual([]);
    expect(await load(remote, 3, never)).toBe(1);
  });

  test("does not judge an artifact by a payload that cannot be had", async () => {
    const { remote, store } = layers();
    await load(remote, 1);
    const before = await objectsIn(remote);
    remote.fails = (operation, path) => path.endsWith(".npy") && (operation === "read" || operation === "stat");
    const comeBack = (): void => {
      remote.fails = () => false;
    };
    expect(await load(store, 2, comeBack)).toBe(1);
    expect(await objectsIn(remote)).toEqual(before);
  });

  test("keeps nothing that does not match its digest", async () => {
    const { local, remote, store } = layers();
    await load(remote, 1);
    const damage = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length - 20, 7);
    const [payload = [PATH, text("")] as const, record = payload] = [...(await objectsIn(remote))];
    await remote.replace(record[0], [damage(record[1])]);
    expect(await store.read(record[0])).toEqual(damage(record[1]));
    await store.read(payload[0]);
    await remote.replace(record[0], [record[1]]);
    await remote.replace(payload[0], [damage(payload[1])]);
    await store.read(record[0]);
    expect(await store.read(payload[0])).toEqual(damage(payload[1]));
    expect(await objectsIn(local)).toEqual(new Map());
    await remote.replace(payload[0], [payload[1]]);
    await store.read(record[0]);
    await store.read(payload[0]);
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
  });

  test("heals in both stores what is damaged in the remote", async () => {
    const { local, remote, store } = layers();
    await load(remote, 1);
    for (const [path, bytes] of await objectsIn(remote))
      if (path.endsWith(".npy")) await remote.replace(path, [bytes.with(500, 7)]);
    expect(await load(store, 2)).toBe(2);
    expect(await brokenArtifacts(remote)).toEqual([]);
    expect(await load(remote, 3, never)).toBe(2);
    expect(await load(local, 3, never)).toBe(2);
    expect((await objectsIn(remote)).size).toBe(2);
  });

  test("keeps a folder with every file of it", async () => {
    const pages = definePersistable({
      name: "pages",
      format: directory(),
      generate: ({ workDir }) => {
        mkdirSync(join(workDir, "deep"));
        writeFileSync(join(workDir, "a.txt"), "first");
        writeFileSync(join(workDir, "deep", "b.txt"), "second");
        return workDir;
      },
    });
    const { local, remote, store } = layers();
    await pages({}, { dataDir: remote, logger: silent }).payload;
    const read = async (from: Store): Promise<string> => {
      const folder = await pages({}, { dataDir: from, logger: silent }).load();
      const { readFile } = await import("node:fs/promises");
      return readFile(join(String(folder), "deep", "b.txt"), "utf8");
    };
    expect(await read(store)).toBe("second");
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
    remote.isDown = true;
    expect(await read(store)).toBe("second");
  });

  const dump = definePersistable({
    name: "dump",
    format: byteStream(),
    generate: async function* () {
      for (let piece = 0; piece < 20; piece++) yield new Uint8Array(1024 * 1024).fill(piece);
    },
  });

  async function storeDump(store: Store): Promise<void> {
    for await (const _part of await dump({}, { dataDir: store, logger: silent }).payload);
  }

  test("copies a stream before it is replayed, so that the remote may go away in the middle", async () => {
    const { local, remote, store } = layers();
    await storeDump(remote);
    let sizeBytes = 0;
    for await (const part of await dump({}, { dataDir: store, logger: silent }).load()) {
      expect(part[0]).toBe(Math.floor(sizeBytes / 1024 / 1024));
      sizeBytes += part.length;
      remote.isDown = true;
    }
    expect(sizeBytes).toBe(20 * 1024 * 1024);
    remote.isDown = false;
    expect(await digestsIn(local)).toEqual(await digestsIn(remote));
  });

  test("copies no stream that does not match its digest", async () => {
    const { local, remote, store } = layers();
    await storeDump(remote);
    for (const [path, bytes] of await objectsIn(remote))
      if (path.endsWith(".bin")) await remote.replace(path, [bytes.with(10_000_000, 99)]);
    const replayed = await dump({}, { dataDir: store, logger: silent }).load();
    const replay = async (): Promise<void> => {
      for await (const _part of replayed);
    };
    await expect(replay()).rejects.toBeInstanceOf(CorruptArtifactError);
    expect(await objectsIn(local)).toEqual(new Map());
  });

  test("passes a limit on, which is no failure", async () => {
    const { remote, store } = layers();
    await remote.createIfAbsent(PATH, [new Uint8Array(1000)]);
    await expect(store.read(PATH, { maxBytes: 999 })).rejects.toBeInstanceOf(ObjectTooLargeError);
    expect(store.failures().count).toBe(0);
  });

  test("lists what is in either store, each object once", async () => {
    const { local, remote, store } = layers();
    const path = (name: string) => storePath("points", name);
    for (const name of ["a", "b"]) await local.createIfAbsent(path(name), [text("local")]);
    for (const name of ["b", "c"]) await remote.createIfAbsent(path(name), [text("remote object")]);
    const listed: string[] = [];
    for await (const entry of store.list("points/")) listed.push(`${entry.path} ${entry.sizeBytes}`);
    expect(listed.sort()).toEqual(["points/a 5", "points/b 5", "points/c 13"]);
  });
});

describe("writing through", () => {
  test("puts an artifact into both stores, its payload before its record", async () => {
    const { local, remote, store } = layers();
    await load(store, 1);
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
    const written = remote.calls.filter((call) => /^(write|create) points/.test(call));
    expect(written).toEqual([expect.stringMatching(/^write .*\.npy$/), expect.stringMatching(/^create .*\.json$/)]);
  });

  test("sends a payload again that did not get through, before its record", async () => {
    const { remote, store } = layers();
    let isFirst = true;
    remote.fails = (operation) => {
      const fails = operation === "write" && isFirst;
      if (fails) isFirst = false;
      return fails;
    };
    await load(store, 1);
    expect(await load(remote, 2, never)).toBe(1);
  });

  test("sends no record whose payload does not get through", async () => {
    const { local, remote, store } = layers();
    remote.fails = (operation, path) => path.endsWith(".npy") && operation !== "stat";
    await load(store, 1);
    expect(await load(local, 2, never)).toBe(1);
    expect(await objectsIn(remote)).toEqual(new Map());
    remote.fails = () => false;
    expect(await store.push()).toEqual({ sent: 1, present: 0, failed: 0 });
    expect(await store.push()).toEqual({ sent: 0, present: 1, failed: 0 });
    expect(await load(remote, 2, never)).toBe(1);
  });

  test("lets the remote decide who was first, and gives the other one the winner's artifact", async () => {
    const { local, remote, store } = layers();
    expect(await load(store, 2, () => load(remote, 1))).toBe(1);
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
  });

  test("keeps its own artifact where the winner's cannot be had", async () => {
    const { local, remote, store } = layers();
    const loseTo = async (): Promise<void> => {
      await load(remote, 1);
      remote.fails = (operation, path) => path.endsWith(".npy") && operation === "read";
    };
    expect(await load(store, 2, loseTo)).toBe(2);
    remote.fails = () => false;
    expect(await load(store, 3, never)).toBe(2);
    expect(await load(local, 3, never)).toBe(2);
    expect(await load(remote, 3, never)).toBe(1);
  });

  test("ends with one whole artifact on each side where the remote cannot decide", async () => {
    const remote = faultyStore(memoryStore(), { exclusiveCreate: false });
    const [one, other] = [layers(remote), layers(remote)];
    const loaded = await Promise.all([load(one.store, 1), load(other.store, 2)]);
    for (const store of [remote, one.local, other.local]) expect(await brokenArtifacts(store)).toEqual([]);
    expect(loaded).toContain(await load(remote, 3, never));
  });

  test("leaves a payload in the remote that a record there still names", async () => {
    const { remote, store } = layers();
    await load(store, 1);
    const [payload = PATH] = [...(await objectsIn(remote)).keys()].filter((path) => path.endsWith(".npy"));
    expect(await store.remove(payload)).toBe(true);
    expect(await brokenArtifacts(remote)).toEqual([]);
    expect(await load(store, 2, never)).toBe(1);
  });
});

describe("a remote that fails", () => {
  test.each([true, "late"] as const)(
    "costs nobody a payload, whatever call is the last that works (failing %s)",
    async (how) => {
      const { remote } = layers();
      const own = await countCalls(remote);
      for (let last = 0; last <= own; last++) {
        const fresh = layers();
        let calls = 0;
        fresh.remote.fails = () => calls++ >= last && how;
        expect(await load(fresh.store, 1)).toBe(1);
        expect(await brokenArtifacts(fresh.local), `local, after ${last} calls`).toEqual([]);
        expect(await load(fresh.local, 2, never)).toBe(1);
        fresh.remote.fails = () => false;
        expect(await brokenArtifacts(fresh.remote), `remote, after ${last} calls`).toEqual([]);
        expect(await load(layeredStore({ ...fresh, local: memoryStore() }), 1)).toBe(1);
      }
      expect(own).toBeGreaterThan(3);
    },
  );

  test.each([true, "late"] as const)(
    "costs nobody a payload that it has, whatever single call fails (%s)",
    async (how) => {
      for (let failing = 0; failing < 20; failing++) {
        const fresh = layers();
        await load(fresh.remote, 1);
        let calls = 0;
        fresh.remote.fails = () => calls++ === failing && how;
        const loaded = await load(fresh.store, 2);
        expect([1, 2]).toContain(loaded);
        fresh.remote.fails = () => false;
        for (const store of [fresh.local, fresh.remote])
          expect(await brokenArtifacts(store), `call ${failing}`).toEqual([]);
        expect(await load(fresh.store, 3, never)).toBe(loaded);
        // It was whole, and nobody may judge it by what did not get through.
        expect(await load(fresh.remote, 3, never)).toBe(1);
      }
    },
  );

  async function countCalls(remote: FaultyStore): Promise<number> {
    const before = remote.calls.length;
    await load(layeredStore({ local: memoryStore(), remote }), 1);
    return remote.calls.length - before;
  }
});

describe("modes", () => {
  test("a remote that is only read stays as it is", async () => {
    const { local, remote, store } = layers(undefined, "local:rw,remote:r");
    await word(remote, "shared");
    const before = await objectsIn(remote);
    const callsBefore = remote.calls.length;
    expect(await word(store, "own")).toBe("shared");
    expect(await load(store, 1)).toBe(1);
    expect(await load(local, 2, never)).toBe(1);
    expect(await objectsIn(remote)).toEqual(before);
    expect(remote.calls.slice(callsBefore).filter((call) => !/^(read|stat|list) /.test(call))).toEqual([]);
    await expect(store.push()).rejects.toBeInstanceOf(ReadOnlyStoreError);
  });

  test("a local store that is only read stays as it is, and what it lacks is not kept", async () => {
    const { local, remote, store } = layers(undefined, "local:r,remote:rw");
    await word(remote, "shared");
    expect(await word(store, "own")).toBe("shared");
    expect(await load(store, 1)).toBe(1);
    expect(await objectsIn(local)).toEqual(new Map());
    expect(await load(remote, 2, never)).toBe(1);
    remote.isDown = true;
    await expect(store.createIfAbsent(PATH, [text("x")])).rejects.toThrow(/ECONNREFUSED/);
  });

  test("stores that are only read give what they have, and say so when they should give more", async () => {
    const { remote, store } = layers(undefined, "local:r,remote:r");
    await load(remote, 1);
    expect(await load(store, 2, never)).toBe(1);
    await expect(word(store, "own")).rejects.toBeInstanceOf(ReadOnlyStoreError);
    remote.isDown = true;
    const refused = await load(store, 2, never).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ReadOnlyStoreError);
    expect((refused as ReadOnlyStoreError).message).toContain("ECONNREFUSED");
  });

  test("refuses a mode that is none", () => {
    expect(() => layers(undefined, "local:w,remote:r" as LayeredMode)).toThrow(TypeError);
  });
});
