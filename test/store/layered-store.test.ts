import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { byteStream } from "../../src/entry/formats/byte-stream.ts";
import { directory } from "../../src/entry/formats/directory.ts";
import {
  CorruptArtifactError,
  definePersistable,
  memoryStore,
  ObjectTooLargeError,
  type Store,
  UnknownStoreError,
} from "../../src/entry/index.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { storePath } from "../../src/store/store-path.ts";
import { brokenArtifacts, digestsIn, objectsIn } from "../support/faulty-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { layers, load, never, PATH, silent, text, word } from "../support/two-layers.ts";

describe("reading through", () => {
  test("asks the local store first, and the remote only for what is not there", async () => {
    const { local, remote, store } = layers();
    await local.createIfAbsent(PATH, [text("local")]);
    expect(await store.read(PATH)).toEqual(text("local"));
    expect((await store.stat(PATH))?.sizeBytes).toBe(5);
    expect(remote.calls).toEqual([]);
  });

  test("opens what is given as a path or a URL", async () => {
    await using folder = await temporaryFolder();
    const remote = memoryStore();
    const store = layeredStore({ local: folder.path, remote });
    await store.createIfAbsent(PATH, [text("given")]);
    const other = layeredStore({ local: memoryStore(), remote: pathToFileURL(folder.path), mode: "local:r,remote:r" });
    expect([await other.read(PATH), await remote.read(PATH)]).toEqual([text("given"), text("given")]);
    expect(() => layeredStore({ local: folder.path, remote: "ftp://nowhere" })).toThrow(UnknownStoreError);
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

  test("writes nothing into a remote that it may only read, not even to find out what that can do", async () => {
    const { remote, store } = layers(undefined, "local:rw,remote:r");
    await load(remote, 1);
    let asked = 0;
    Object.assign(remote, { prepare: async () => void asked++ });
    expect(await load(store, 2, never)).toBe(1);
    expect(await word(store, "own")).toBe("own");
    await store.prepare?.();
    expect(asked).toBe(0);
    expect(store.failures().count).toBe(0);
  });

  test.each([
    ["a payload", ".npy"],
    ["a record", ".json"],
  ])("takes %s that is damaged locally from the remote, and generates nothing", async (_, ending) => {
    const { local, remote, store } = layers();
    await load(store, 1);
    const before = await objectsIn(remote);
    for (const [path, bytes] of before)
      if (path.endsWith(ending)) await local.replace(path, [bytes.with(bytes.length >> 1, 7)]);
    expect(await load(store, 2, never)).toBe(1);
    expect(await objectsIn(remote)).toEqual(before);
    expect(await brokenArtifacts(local)).toEqual([]);
    remote.isDown = true;
    expect(await load(store, 3, never)).toBe(1);
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
