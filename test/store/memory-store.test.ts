import { describe, expect, it } from "vitest";
import { NotAFileError } from "../../src/errors/store-errors.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { storePath } from "../../src/store/store-path.ts";

const PATH = storePath("points", "3f9a.json");

describe("memoryStore", () => {
  it("is one place for one name, and a place of its own without", async () => {
    const named = memoryStore({ name: "shared by name" });
    await named.createIfAbsent(PATH, [Buffer.from("one")]);
    expect(memoryStore({ name: "shared by name" }).sync?.readShared(PATH, 100)).toEqual(Buffer.from("one"));
    expect(memoryStore({ name: "shared by name" }).url).toBe(named.url);
    expect(memoryStore().url).not.toBe(memoryStore().url);
    expect(await memoryStore().read(PATH)).toBeUndefined();
  });

  it("is shaped like a folder: what is a file is no folder, and the other way round", async () => {
    const store = memoryStore();
    await store.createIfAbsent(PATH, [Buffer.from("one")]);
    const inside = storePath("points", "3f9a.json", "inside");
    for (const path of [storePath("points"), inside]) {
      await expect(store.read(path)).rejects.toThrow(NotAFileError);
      await expect(store.stat(path)).rejects.toThrow(NotAFileError);
      await expect(store.createIfAbsent(path, [])).rejects.toThrow(NotAFileError);
      await expect(store.replace(path, [])).rejects.toThrow(NotAFileError);
      await expect(store.remove(path)).rejects.toThrow(NotAFileError);
      await expect(store.move(PATH, path)).rejects.toThrow(NotAFileError);
    }
    await store.remove(PATH);
    expect(await store.createIfAbsent(storePath("points"), [])).toBe("created");
  });

  it("tells a watcher of changes in its folder, and in no other", async () => {
    const store = memoryStore({ name: "watched" });
    let calls = 0;
    const watch = store.watch?.(storePath("points"), () => calls++);
    await memoryStore({ name: "watched" }).createIfAbsent(PATH, []);
    await store.createIfAbsent(storePath("points", "deep", "a"), []);
    await store.createIfAbsent(storePath("other", "a"), []);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(1);
    watch?.close();
    await store.remove(PATH);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(1);
  });
});
