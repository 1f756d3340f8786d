import { describe, expect, it } from "vitest";
import { StoreAccessError, StoreFullError, StoreIoError } from "../../src/errors/store-errors.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { diskRig, PATH, RECORD, TEMPORARY } from "../support/disk-rig.ts";
import { SimulatedDisk } from "../support/simulated-disk.ts";
import { type Fault, type SimulatedCall, simulatedFileSystem } from "../support/simulated-file-system.ts";

function failToSyncTop(code: string): (call: SimulatedCall) => Fault | undefined {
  return (call) => (call.name === "syncFolder" && call.path === "/" ? { code } : undefined);
}

describe("a write that waits for the disk, and one that does not", () => {
  const syncs = (calls: readonly string[]): string[] => calls.filter((call) => /^(fsync|syncFolder)/.test(call));

  it("syncs the bytes, then the names, and each folder above only once", async () => {
    const { store, calls } = await diskRig({});
    await store.writeFresh(storePath("points", "a.bin"), [Buffer.from("payload")]);
    expect(syncs(calls)).toEqual(["fsync /data/points/a.bin"]);
    await store.createIfAbsent(PATH, [Buffer.from("ours")]);
    const temporary = `${TEMPORARY}/ours~1`;
    expect(syncs(calls).slice(1)).toEqual([
      `fsync ${temporary}`,
      "syncFolder /data/points",
      "syncFolder /data",
      "syncFolder /",
    ]);
    calls.length = 0;
    await store.replace(PATH, [Buffer.from("again")]);
    expect(syncs(calls)).toEqual([`fsync ${TEMPORARY}/ours~2`, "syncFolder /data/points"]);
    calls.length = 0;
    await store.replace(storePath("top"), [Buffer.from("again")]);
    expect(syncs(calls)).toEqual([`fsync ${TEMPORARY}/ours~3`, "syncFolder /data"]);
  });

  it("syncs nothing when it is told not to wait", async () => {
    const { store, calls } = await diskRig({ there: "theirs" });
    await store.writeFresh(storePath("points", "a.bin"), [Buffer.from("payload")], { durable: false });
    expect(await store.createIfAbsent(PATH, [Buffer.from("ours")], { durable: false })).toBe("exists");
    await store.createIfAbsent(storePath("points", "b"), [Buffer.from("ours")], { durable: false });
    await store.replace(PATH, [Buffer.from("again")], { durable: false });
    expect(syncs(calls)).toEqual([]);
  });

  it("syncs the folders above a store before it creates it, and no higher again", async () => {
    const disk = new SimulatedDisk("any");
    const calls: string[] = [];
    const fileSystem = simulatedFileSystem(disk, {
      owner: "ours",
      faults(call) {
        calls.push(`${call.name} ${call.path}`);
        return undefined;
      },
    });
    await fileStore("/home/user/data", { fileSystem }).createIfAbsent(PATH, [Buffer.from("ours")]);
    const made = calls.filter((call) => /^(mkdir|syncFolder)/.test(call) && !call.includes(".persistable"));
    expect(made).toEqual([
      "mkdir /home/user",
      "mkdir /home",
      "mkdir /home/user",
      "syncFolder /home",
      "syncFolder /",
      "mkdir /home/user/data",
      "mkdir /home/user/data/points",
      "syncFolder /home/user/data/points",
      "syncFolder /home/user/data",
      "syncFolder /home/user",
    ]);
  });

  it.each(["EACCES", "EPERM"])("does not mind a folder above the store that is closed to it (%s)", async (code) => {
    const { store, content } = await diskRig({ there: "theirs", misbehave: failToSyncTop(code) });
    await store.replace(PATH, [Buffer.from("ours")]);
    expect(await content()).toBe("ours");
  });

  it("does mind a folder of its own that is closed to it", async () => {
    const { store } = await diskRig({
      there: "theirs",
      misbehave: (call) => (call.name === "syncFolder" && call.path === "/data" ? { code: "EACCES" } : undefined),
    });
    await expect(store.replace(PATH, [Buffer.from("ours")])).rejects.toThrow(StoreAccessError);
  });

  it("syncs nothing when the whole store is for scratch work", async () => {
    const { fileSystem, calls } = await diskRig({});
    const store = fileStore("/home/user/data", { fileSystem, durable: false });
    await store.createIfAbsent(PATH, [Buffer.from("ours")]);
    expect(syncs(calls)).toEqual([]);
  });

  it("does mind any other failure there", async () => {
    const { store } = await diskRig({ there: "theirs", misbehave: failToSyncTop("EIO") });
    await expect(store.replace(PATH, [Buffer.from("ours")])).rejects.toThrow(StoreIoError);
  });

  it.each(["write", "fsync", "close", "statOpen", "open"])("leaves nothing when its %s fails", async (name) => {
    for (const way of ["writeFresh", "createIfAbsent", "replace"] as const) {
      const { store, content, litter } = await diskRig({
        misbehave: (call) => (call.name === name ? { code: "EIO" } : undefined),
      });
      await expect(store[way](PATH, [Buffer.from("ours")]), way).rejects.toThrow(StoreIoError);
      expect(await content(), way).toBeUndefined();
      expect(await litter(), way).toEqual([]);
    }
  });

  it("does not acknowledge what was cut short behind its back", async () => {
    const { store, fileSystem, litter } = await diskRig({});
    const async = {
      ...fileSystem.async,
      statOpen: async (file: number) => ({ ...(await fileSystem.async.statOpen(file)), sizeBytes: 3 }),
    };
    const lied = fileStore("/data", { fileSystem: { ...fileSystem, async } });
    await expect(lied.writeFresh(PATH, [Buffer.from("ours")])).rejects.toThrow("4 bytes were written and 3 are there");
    expect(await store.read(PATH)).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("closes a file once, however it ends", async () => {
    for (const failing of ["", "fsync", "close"]) {
      const { store, calls } = await diskRig({
        misbehave: (call) => (call.name === failing ? { code: "EIO" } : undefined),
      });
      await store.writeFresh(PATH, [Buffer.from("ours")]).catch(() => {});
      expect(calls.filter((call) => call === `close ${RECORD}`)).toHaveLength(1);
    }
  });
});

describe("the chunks of a write", () => {
  it("are written together when they are small", async () => {
    const { store, calls } = await diskRig({ shortTransfers: false });
    const chunks = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index % 10}`.repeat(100)));
    await store.writeFresh(PATH, chunks);
    // 65,536 bytes at a time.
    expect(calls.filter((call) => call.startsWith("write"))).toHaveLength(5);
    expect(Buffer.concat([(await store.read(PATH)) ?? new Uint8Array()])).toEqual(Buffer.concat(chunks));
  });

  it("are not copied when they are big", async () => {
    const { fileSystem } = await diskRig({ shortTransfers: false });
    const written: Uint8Array[] = [];
    const async = {
      ...fileSystem.async,
      write(...args: Parameters<typeof fileSystem.async.write>) {
        written.push(args[1]);
        return fileSystem.async.write(...args);
      },
    };
    const small = Buffer.alloc(65_535);
    const big = Buffer.alloc(65_536);
    await fileStore("/data", { fileSystem: { ...fileSystem, async } }).writeFresh(PATH, [
      small,
      big,
      small,
      new Uint8Array(),
    ]);
    expect(written.map((bytes) => bytes.length)).toEqual([65_535, 65_536, 65_535]);
    expect(written[1]).toBe(big);
  });

  it("are let go of when the disk fails", async () => {
    const { store } = await diskRig({
      misbehave: (call) => (call.name === "write" ? { code: "ENOSPC" } : undefined),
    });
    let isLetGo = false;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(70_000);
      } finally {
        isLetGo = true;
      }
    }
    await expect(store.writeFresh(PATH, chunks())).rejects.toThrow(StoreFullError);
    expect(isLetGo).toBe(true);
  });

  it("may come from something that cannot be let go of", async () => {
    const { store } = await diskRig({
      misbehave: (call) => (call.name === "write" ? { code: "ENOSPC" } : undefined),
    });
    const chunks = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false as const, value: Buffer.alloc(70_000) }) }),
    };
    await expect(store.writeFresh(PATH, chunks)).rejects.toThrow(StoreFullError);
  });
});
