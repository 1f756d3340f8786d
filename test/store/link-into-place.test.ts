import { describe, expect, it } from "vitest";
import { NotAFileError, StoreAccessError, StoreError, StoreIoError } from "../../src/errors/store-errors.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { diskRig, PATH, RECORD } from "../support/disk-rig.ts";
import type { SimulatedCall } from "../support/simulated-file-system.ts";

const create = (store: Store, content = "ours"): Promise<string> => store.createIfAbsent(PATH, [Buffer.from(content)]);
const isRecordLink = (call: SimulatedCall): boolean => call.name === "link" && call.args[1] === RECORD;

describe("a name that is given by link", () => {
  it("is ours when the answer was lost, and the repeated question found it taken by ourselves", async () => {
    const { store, content, litter } = await diskRig({
      misbehave: (call) => (isRecordLink(call) ? { code: "EEXIST", done: true } : undefined),
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(await litter()).toEqual([]);
  });

  it.each(["EIO", "EPERM", "ENOSPC", "EACCES"])("is ours when it was given although the answer is %s", async (code) => {
    const { store, content, litter } = await diskRig({
      misbehave: (call) => (isRecordLink(call) ? { code, done: true } : undefined),
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(await litter()).toEqual([]);
  });

  it("is another's when it was there, whatever is in it", async () => {
    for (const there of ["theirs", "ours"]) {
      const { store, content, litter } = await diskRig({ there });
      expect(await create(store)).toBe("exists");
      expect(await content()).toBe(there);
      expect(await litter()).toEqual([]);
    }
  });

  it("is another's when it was there and the answer is EPERM, as sshfs gives it", async () => {
    const { store, content, litter, calls } = await diskRig({
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
    const { store, litter } = await diskRig({
      there,
      distinctIdentities: true,
      misbehave: (call) => (isRecordLink(call) ? { code: "EPERM" } : undefined),
    });
    expect(await create(store, ours)).toBe(outcome);
    expect(await litter()).toEqual([]);
  });

  it("was not given where the disk failed, and nothing stays", async () => {
    const { store, content, litter } = await diskRig({
      misbehave: (call) => (isRecordLink(call) ? { code: "EIO" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreIoError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("was not given where it may not be, on a disk that has links", async () => {
    const { store, content, litter } = await diskRig({
      misbehave: (call) => (isRecordLink(call) ? { code: "EACCES" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreAccessError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("was not given where it cannot be found out whether the disk has links", async () => {
    const { store, content, litter } = await diskRig({
      misbehave: (call) => (call.name === "link" ? { code: isRecordLink(call) ? "EPERM" : "EMFILE" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreAccessError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("is not given in the place of a folder", async () => {
    const { store, fileSystem, litter } = await diskRig({ there: "theirs" });
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
    const { store, content, calls } = await diskRig({
      misbehave: (call, so) =>
        isRecordLink(call) && so.filter((one) => one.startsWith("link")).length === 1 ? { code: "ENOENT" } : undefined,
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(calls.filter((call) => call.startsWith("link"))).toHaveLength(2);
  });

  it("makes last what another one wrote before it says that it exists", async () => {
    const { store, calls, litter } = await diskRig({ there: "theirs" });
    await create(store);
    const opened = calls.lastIndexOf(`open ${RECORD}`);
    expect(calls.slice(opened)).toEqual(
      expect.arrayContaining([`fsync ${RECORD}`, `close ${RECORD}`, "syncFolder /data/points", "syncFolder /data"]),
    );
    expect(await litter()).toEqual([]);
  });

  it.each(["open", "fsync"])("does not say that it exists when that could not be made last: %s", async (name) => {
    const { store, litter } = await diskRig({
      there: "theirs",
      misbehave: (call) => (call.name === name && call.path === RECORD ? { code: "EIO" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreIoError);
    expect(await litter()).toEqual([]);
  });

  it("says that it exists when it is removed before that could be made last, or the system syncs only what it writes", async () => {
    for (const [name, code] of [
      ["open", "ENOENT"],
      ["fsync", "EPERM"],
    ]) {
      const { store, litter } = await diskRig({
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
      const { store, content, litter, calls } = await diskRig({
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
    const { store, content, litter } = await diskRig({ there: "theirs", hardLinks: false });
    expect(await create(store)).toBe("exists");
    expect(await content()).toBe("theirs");
    expect(await litter()).toEqual([]);
  });

  it("creates the folder of the name", async () => {
    const { store, content } = await diskRig({ hardLinks: false });
    await store.createIfAbsent(storePath("other", "a"), []);
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
  });

  it.each(["close", "rename"])("keeps nothing of a name when its %s fails", async (name) => {
    const { store, content, litter } = await diskRig({
      hardLinks: false,
      misbehave: (call, calls) =>
        call.name === name && calls.includes(`open ${RECORD}`) ? { code: "EIO" } : undefined,
    });
    await expect(create(store)).rejects.toThrow(StoreIoError);
    expect(await content()).toBeUndefined();
    expect(await litter()).toEqual([]);
  });

  it("keeps a name when only the answer was lost", async () => {
    const { store, content, litter } = await diskRig({
      hardLinks: false,
      misbehave: (call) => (call.name === "rename" ? { code: "EIO", done: true } : undefined),
    });
    expect(await create(store)).toBe("created");
    expect(await content()).toBe("ours");
    expect(await litter()).toEqual([]);
  });

  it("passes on why it could not take a name", async () => {
    const { store, litter } = await diskRig({
      hardLinks: false,
      misbehave: (call) => (call.name === "open" && call.path === RECORD ? { code: "ENOSPC" } : undefined),
    });
    await expect(create(store)).rejects.toThrow(StoreError);
    expect(await litter()).toEqual([]);
  });
});
