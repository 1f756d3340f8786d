import { describe, expect, it } from "vitest";
import { ObjectExistsError, StoreIoError } from "../../src/errors/store-errors.ts";
import { storePath } from "../../src/store/store-path.ts";
import { diskRig, PATH, RECORD } from "../support/disk-rig.ts";

const ASIDE = storePath(".persistable", "quarantine", "3f9a.json");

describe("moving an object", () => {
  it("says that there is nothing to move when somebody was faster", async () => {
    const { store, disk } = await diskRig({
      there: "theirs",
      misbehave: (call) => {
        if (call.name === "rename" && disk.stat(RECORD) !== undefined) disk.unlink(RECORD);
        return undefined;
      },
    });
    expect(await store.move(PATH, ASIDE)).toBe(false);
  });

  it("fails as it is told to fail when the object is still there", async () => {
    for (const code of ["EIO", "ENOENT"]) {
      const { store, content } = await diskRig({
        there: "theirs",
        misbehave: (call) => (call.name === "rename" ? { code } : undefined),
      });
      await expect(store.move(PATH, ASIDE)).rejects.toThrow(StoreIoError);
      expect(await content()).toBe("theirs");
    }
  });

  it("names the name that is in use", async () => {
    const { store } = await diskRig({ there: "theirs" });
    await store.createIfAbsent(ASIDE, []);
    const moving = store.move(PATH, ASIDE);
    await expect(moving).rejects.toThrow(ObjectExistsError);
    await expect(moving).rejects.toMatchObject({ operation: "move", path: `/data/${ASIDE}` });
  });
});

describe("removing an object", () => {
  it("says that there was none when somebody was faster", async () => {
    const { store } = await diskRig({
      there: "theirs",
      misbehave: (call) => (call.name === "unlink" ? { code: "ENOENT", done: true } : undefined),
    });
    expect(await store.remove(PATH)).toBe(false);
  });

  it("fails as it is told to fail", async () => {
    const { store, content } = await diskRig({
      there: "theirs",
      misbehave: (call) => (call.name === "unlink" ? { code: "EIO" } : undefined),
    });
    await expect(store.remove(PATH)).rejects.toThrow(StoreIoError);
    expect(await content()).toBe("theirs");
  });
});

describe("replacing an object", () => {
  it("leaves what was there, and nothing else, when the disk fails", async () => {
    const { store, content, litter } = await diskRig({
      there: "theirs",
      misbehave: (call) => (call.name === "rename" ? { code: "EIO" } : undefined),
    });
    await expect(store.replace(PATH, [Buffer.from("ours")])).rejects.toThrow(StoreIoError);
    expect(await content()).toBe("theirs");
    expect(await litter()).toEqual([]);
  });

  it("is not acknowledged when its name could not be made last", async () => {
    const { store, litter } = await diskRig({
      there: "theirs",
      misbehave: (call) => (call.name === "syncFolder" && call.path === "/data/points" ? { code: "EIO" } : undefined),
    });
    await expect(store.replace(PATH, [Buffer.from("ours")])).rejects.toThrow(StoreIoError);
    expect(await litter()).toEqual([]);
  });
});
