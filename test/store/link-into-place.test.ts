import { describe, expect, it } from "vitest";
import { NotAFileError, StoreAccessError, StoreError, StoreIoError } from "../../src/errors/store-errors.ts";
import { fileStore } from "../../src/store/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { SimulatedDisk } from "../support/simulated-disk.ts";
import {
  type Fault,
  type SimulatedCall,
  type SimulatedFileSystem,
  simulatedFileSystem,
} from "../support/simulated-file-system.ts";

const PATH = storePath("points", "3f9a.json");
const RECORD = "/data/points/3f9a.json";
const TEMPORARY = "/data/.persistable/tmp";

interface Rig {
  readonly store: Store;
  readonly fileSystem: SimulatedFileSystem;
  /** Every call so far, `link /data/…`. */
  readonly calls: string[];
  content(): Promise<string | undefined>;
  /** What a call has left that it should not. */
  litter(): Promise<readonly unknown[]>;
}

/** A store whose disk does what `misbehave` says; `there` is what somebody else has published before. */
async function rig(options: {
  readonly there?: string;
  readonly misbehave?: (call: SimulatedCall, calls: readonly string[]) => Fault | undefined;
  readonly hardLinks?: boolean;
  readonly distinctIdentities?: boolean;
}): Promise<Rig> {
  const disk = new SimulatedDisk("any");
  if (options.there !== undefined) {
    const other = fileStore("/data", { fileSystem: simulatedFileSystem(disk, { owner: "other" }) });
    await other.createIfAbsent(PATH, [Buffer.from(options.there)]);
  }
  const calls: string[] = [];
  const fileSystem = simulatedFileSystem(disk, {
    owner: "ours",
    shortTransfers: new SeededRandom(1),
    hardLinks: options.hardLinks ?? true,
    faults(call) {
      calls.push(`${call.name} ${call.path}`);
      return options.misbehave?.(call, calls);
    },
  });
  let looks = 0;
  const async = options.distinctIdentities
    ? {
        ...fileSystem.async,
        async stat(path: string) {
          const stat = await fileSystem.async.stat(path);
          return stat === undefined ? undefined : { ...stat, identity: `${looks++}` };
        },
      }
    : fileSystem.async;
  const honest = simulatedFileSystem(disk, { owner: "honest" });
  return {
    store: fileStore("/data", { fileSystem: { ...fileSystem, async } }),
    fileSystem,
    calls,
    async content() {
      const bytes = await fileStore("/data", { fileSystem: honest }).read(PATH);
      return bytes && Buffer.from(bytes).toString();
    },
    litter: async () => [
      ...fileSystem.openFiles(),
      ...((await honest.async.stat(TEMPORARY)) === undefined ? [] : await honest.async.readFolder(TEMPORARY)),
    ],
  };
}

const create = (store: Store, content = "ours"): Promise<string> => store.createIfAbsent(PATH, [Buffer.from(content)]);
const isRecordLink = (call: SimulatedCall): boolean => call.name === "link" && call.args[1] === RECORD;

describe("a name that is given by link", () => {
  it("is ours when the answer was lost, and the repeated question found it taken by ourselves", async () => {
    const { store, content, litter } = await rig({
      misbehave: (call) => (isRecordLink(call) ? { code: "EEXIST", done: true } : undefined),
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(await litter()).toEqual([]);
  });

  it.each(["EIO", "EPERM", "ENOSPC", "EACCES"])("is ours when it was given although the answer is %s", async (code) => {
    const { store, content, litter } = await rig({
      misbehave: (call) => (isRecordLink(call) ? { code, done: true } : undefined),
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(await litter()).toEqual([]);
  });

  it("is another's when it was there, whatever is in it", async () => {
    for (const there of ["theirs", "ours"]) {
      const { store, content, litter } = await rig({ there });
      expect(await create(store)).toBe("exists");
      expect(await content()).toBe(there);
      expect(await litter()).toEqual([]);
    }
  });

  it("is another's when it was there and the answer is EPERM, as sshfs gives it", async () => {
    const { store, content, litter, calls } = await rig({
      there: "theirs",
      misbehave: (call) => (isRecordLink(call) ? { code: "EPERM" } : undefined),
    });
    expect(await create(store)).toBe("exists");
    expect(await content()).toBe("theirs");
    expect(await litter()).toEqual([]);
    // Whether the disk has links was tried out, and is known from then on.
    expect(await create(store)).toBe("exists");
    expect(calls.filter((call) => call.startsWith("link"))).toHaveLength(3);
  });

  it.each([
    ["ours", "ours", "created"],
    ["ours", "ourz", "exists"],
    ["ours", "ours, and more", "exists"],
    ["x".repeat(200_000), "x".repeat(200_000), "created"],
    [`${"x".repeat(199_999)}y`, "x".repeat(200_000), "exists"],
    [`${"x".repeat(65_536)}y${"x".repeat(100)}`, `${"x".repeat(65_536)}z${"x".repeat(100)}`, "exists"],
  ])("is judged by its bytes where files have no identity, as on sshfs", async (ours, there, outcome) => {
    const { store, litter } = await rig({
      there,
      distinctIdentities: true,
      misbehave: (call) => (isRecordLink(call) ? { code: "EPERM" } : undefined),
    });
    expect(await create(store, ours)).toBe(outcome);
    expect(await litter()).toEqual([]);
  });

  it("was not given where the disk failed, and nothing stays", async () => {
    const { store, content, litter } = await rig({
      misbehave: (call) => (isRecordLink(call) ? { code: "EIO" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreIoError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("was not given where it may not be, on a disk that has links", async () => {
    const { store, content, litter } = await rig({
      misbehave: (call) => (isRecordLink(call) ? { code: "EACCES" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreAccessError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("was not given where it cannot be found out whether the disk has links", async () => {
    const { store, content, litter } = await rig({
      misbehave: (call) => (call.name === "link" ? { code: isRecordLink(call) ? "EPERM" : "EMFILE" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreAccessError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("is not given in the place of a folder", async () => {
    const { store, fileSystem, litter } = await rig({ there: "theirs" });
    await store.remove(PATH);
    await fileSystem.async.mkdir(RECORD);
    await expect(create(store)).rejects.toThrow(NotAFileError);
    await expect(create(store)).rejects.toMatchObject({
      operation: "create",
      path: RECORD,
      found: expect.stringMatching(/a folder/),
    });
    expect(await litter()).toEqual([]);
  });

  it("is given in a folder that somebody creates or removes meanwhile", async () => {
    const { store, content, calls } = await rig({
      misbehave: (call, so) =>
        isRecordLink(call) && so.filter((one) => one.startsWith("link")).length === 1 ? { code: "ENOENT" } : undefined,
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(calls.filter((call) => call.startsWith("link"))).toHaveLength(2);
  });

  it("makes last what another one wrote before it says that it exists", async () => {
    const { store, calls, litter } = await rig({ there: "theirs" });
    await create(store);
    const opened = calls.lastIndexOf(`open ${RECORD}`);
    expect(calls.slice(opened)).toEqual(
      expect.arrayContaining([`fsync ${RECORD}`, `close ${RECORD}`, "syncFolder /data/points", "syncFolder /data"]),
    );
    expect(await litter()).toEqual([]);
  });

  it("does not say that it exists when that could not be made last", async () => {
    const { store, litter } = await rig({
      there: "theirs",
      misbehave: (call) => (call.name === "fsync" && call.path === RECORD ? { code: "EIO" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreIoError);
    expect(await litter()).toEqual([]);
  });

  it("says that it exists when it is removed before that could be made last, or the system syncs only what it writes", async () => {
    for (const [name, code] of [
      ["open", "ENOENT"],
      ["fsync", "EPERM"],
    ]) {
      const { store, litter } = await rig({
        there: "theirs",
        misbehave: (call) => (call.name === name && call.path === RECORD ? { code: code as string } : undefined),
      });
      expect(await create(store)).toBe("exists");
      expect(await litter()).toEqual([]);
    }
  });
});

describe("a disk without hard links", () => {
  it.each(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EISDIR"])(
    "gives a name to one writer all the same, if it says %s",
    async (code) => {
      const { store, content, litter, calls } = await rig({
        misbehave: (call) => (call.name === "link" ? { code } : undefined),
      });
      expect(await create(store)).toBe("created");
      expect(await create(store, "second")).toBe("exists");
      expect(await content()).toBe("ours");
      expect(await litter()).toEqual([]);
      // It was tried out once.
      expect(calls.filter((call) => call.startsWith("link"))).toHaveLength(2);
    },
  );

  it("leaves what another one published", async () => {
    const { store, content, litter } = await rig({ there: "theirs", hardLinks: false });
    expect(await create(store)).toBe("exists");
    expect(await content()).toBe("theirs");
    expect(await litter()).toEqual([]);
  });

  it("creates the folder of the name", async () => {
    const { store, content } = await rig({ hardLinks: false });
    await store.createIfAbsent(storePath("other", "a"), []);
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
  });

  it.each(["close", "rename"])("keeps nothing of a name when its %s fails", async (name) => {
    const { store, content, litter } = await rig({
      hardLinks: false,
      misbehave: (call, calls) =>
        call.name === name && calls.includes(`open ${RECORD}`) ? { code: "EIO" } : undefined,
    });
    await expect(create(store)).rejects.toThrow(StoreIoError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("keeps a name when only the answer was lost", async () => {
    const { store, content, litter } = await rig({
      hardLinks: false,
      misbehave: (call) => (call.name === "rename" ? { code: "EIO", done: true } : undefined),
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(await litter()).toEqual([]);
  });

  it("passes on why it could not take a name", async () => {
    const { store, litter } = await rig({
      hardLinks: false,
      misbehave: (call) => (call.name === "open" && call.path === RECORD ? { code: "ENOSPC" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreError);
    expect(await litter()).toEqual([]);
  });
});

describe("a write that waits for the disk, and one that does not", () => {
  const syncs = (calls: readonly string[]): string[] => calls.filter((call) => /^(fsync|syncFolder)/.test(call));

  it("syncs the bytes, then the names, and each folder above only once", async () => {
    const { store, calls } = await rig({});
    await store.writeFresh(storePath("points", "a.bin"), [Buffer.from("payload")]);
    expect(syncs(calls)).toEqual(["fsync /data/points/a.bin"]);
    await create(store);
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
    const { store, calls } = await rig({ there: "theirs" });
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

  it("does not mind a folder above the store that is closed to it, but any other failure there", async () => {
    for (const [code, isMinded] of [
      ["EACCES", false],
      ["EPERM", false],
      ["EIO", true],
    ] as const) {
      const { store } = await rig({
        there: "theirs",
        misbehave: (call) => (call.name === "syncFolder" && call.path === "/" ? { code } : undefined),
      });
      const replaced = store.replace(PATH, [Buffer.from("ours")]);
      if (isMinded) await expect(replaced).rejects.toThrow(StoreIoError);
      else await replaced;
    }
  });

  it.each(["write", "fsync", "close", "statOpen", "open"])("leaves nothing when its %s fails", async (name) => {
    for (const way of ["writeFresh", "createIfAbsent", "replace"] as const) {
      const { store, content, litter } = await rig({
        misbehave: (call) => (call.name === name ? { code: "EIO" } : undefined),
      });
      await expect(store[way](PATH, [Buffer.from("ours")]), way).rejects.toThrow(StoreIoError);
      expect(await content(), way).toBeUndefined();
      expect(await litter(), way).toEqual([]);
    }
  });

  it("does not acknowledge what was cut short behind its back", async () => {
    const { store, fileSystem, litter } = await rig({});
    const async = {
      ...fileSystem.async,
      statOpen: async (file: number) => ({ ...(await fileSystem.async.statOpen(file)), sizeBytes: 3 }),
    };
    const lied = fileStore("/data", { fileSystem: { ...fileSystem, async } });
    await expect(lied.writeFresh(PATH, [Buffer.from("ours")])).rejects.toThrow("4 bytes were written and 3 are there");
    expect(await store.read(PATH)).toBeUndefined();
    expect(await litter()).toEqual([]);
  });
});
