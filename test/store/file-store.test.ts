import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { NotAFileError, ObjectTooLargeError, StoreError } from "../../src/errors/store-errors.ts";
import { type FileStore, fileStore } from "../../src/store/folder/file-store.ts";
import type { StorePath } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PATH = storePath("points", "3f9a.json");
const OTHER = storePath("points", "77be.json");

/** Every way to touch an object. */
function touch(store: FileStore, path: StorePath): Record<string, () => unknown> {
  const bytes = [Buffer.from("new")];
  return {
    read: () => store.read(path),
    readShared: async () => store.sync?.readShared(path, 1000),
    stat: () => store.stat(path),
    writeFresh: () => store.writeFresh(path, bytes),
    createIfAbsent: () => store.createIfAbsent(path, bytes),
    "sync.createIfAbsent": async () => store.sync?.createIfAbsent?.(path, bytes),
    replace: () => store.replace(path, bytes),
    move: () => store.move(path, storePath("points", "moved")),
    remove: () => store.remove(path),
  };
}

describe("fileStore", () => {
  it("creates nothing until something is written", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.join("data"));
    expect(await store.read(PATH)).toBeUndefined();
    expect(store.sync?.readShared(PATH, 100)).toBeUndefined();
    expect(await store.stat(PATH)).toBeUndefined();
    expect(await store.remove(PATH)).toBe(false);
    expect(await store.move(PATH, OTHER)).toBe(false);
    expect(await store.removeLitter()).toBe(0);
    for await (const entry of store.list("")) expect.unreachable(entry.path);
    store.watch?.(storePath("points"), () => {}).close();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("keeps objects as files under their paths, and nothing else but its own folder", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path);
    await store.createIfAbsent(PATH, [Buffer.from("one")]);
    await store.writeFresh(OTHER, [Buffer.from("two")]);
    expect((await readdir(folder.path, { recursive: true })).sort()).toEqual([
      ".persistable",
      ".persistable/tmp",
      "points",
      "points/3f9a.json",
      "points/77be.json",
    ]);
    expect(await readFile(folder.join("points", "3f9a.json"), "utf8")).toBe("one");
    expect(store.localPath(PATH)).toBe(folder.join("points", "3f9a.json"));
    expect(store.url).toBe(pathToFileURL(folder.path).href);
  });

  it("takes a path, relative to the working directory, or a file URL", () => {
    const absolute = path.resolve("somewhere", "data");
    const { url } = fileStore(absolute);
    expect(url).toBe(pathToFileURL(absolute).href);
    for (const same of ["somewhere/data", "somewhere/data/", "./somewhere/../somewhere/data", pathToFileURL(absolute)])
      expect(fileStore(same).url).toBe(url);
    expect(() => fileStore(new URL("https://example.com/data"))).toThrow(TypeError);
  });

  it("goes on when the folder is deleted under it", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.join("data"));
    await store.createIfAbsent(PATH, [Buffer.from("one")]);
    await rm(folder.join("data"), { recursive: true });
    expect(await store.read(PATH)).toBeUndefined();
    expect(await store.createIfAbsent(PATH, [Buffer.from("two")])).toBe("created");
    await rm(folder.join("data", ".persistable"), { recursive: true });
    await store.replace(PATH, [Buffer.from("three")]);
    expect(String(await store.read(PATH))).toBe("116,104,114,101,101");
  });

  it("reads parts of a file beyond 2 and 4 GiB", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    await store.createIfAbsent(PATH, []);
    const file = await open(store.localPath(PATH), "r+");
    for (const gibibytes of [2, 4]) await file.write(`at ${gibibytes} GiB`, gibibytes * 2 ** 30 - 3);
    await file.close();
    for (const gibibytes of [2, 4]) {
      const start = gibibytes * 2 ** 30 - 3;
      const bytes = await store.read(PATH, { range: { start, end: start + 8 } });
      expect(Buffer.from(bytes ?? []).toString()).toBe(`at ${gibibytes} GiB`);
    }
    expect((await store.stat(PATH))?.sizeBytes).toBe(4 * 2 ** 30 + 5);
    await expect(store.read(PATH, { maxBytes: 2 ** 31 })).rejects.toThrow(ObjectTooLargeError);
    expect(store.sync?.readShared(PATH, 1000)).toBe("too-large");
  });

  it("tells a watcher that something in its folder has changed, until it is closed", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    await store.createIfAbsent(PATH, [Buffer.from("one")]);
    let calls = 0;
    const told = new Promise<void>((resolve) => {
      const watch = store.watch?.(storePath("points"), () => {
        calls++;
        watch?.close();
        resolve();
      });
    });
    await fileStore(folder.path, { durable: false }).createIfAbsent(OTHER, [Buffer.from("two")]);
    await told;
    await store.remove(OTHER);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toBe(1);
  });

  it("gives a name to one of several stores in one process that write without waiting and with", async () => {
    await using folder = await temporaryFolder();
    const stores = [fileStore(folder.path), fileStore(folder.path, { durable: false })];
    // Only then it can write without waiting.
    await stores[0]?.stat(PATH);
    const told = stores.map((store, index) => store.createIfAbsent(PATH, [Buffer.from(`${index}`)]));
    const first = stores[0]?.sync?.createIfAbsent?.(PATH, [Buffer.from("sync")]);
    expect([first, ...(await Promise.all(told))].filter((outcome) => outcome === "created")).toHaveLength(1);
    expect(await readdir(folder.join(".persistable", "tmp"))).toEqual([]);
  });
});

describe("a folder as a store, where something else is in the place of a file", () => {
  it("says that there is a folder, and leaves it", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    await mkdir(folder.join("points", "3f9a.json", "inner"), { recursive: true });
    for (const [name, call] of Object.entries(touch(store, PATH))) {
      if (name === "writeFresh") await expect(call(), name).rejects.toThrow(StoreError);
      else await expect(call(), name).rejects.toThrow(NotAFileError);
    }
    await expect(store.read(PATH)).rejects.toThrow(/read .*3f9a\.json: there is a folder in its place/);
    await expect(store.stat(PATH)).rejects.toMatchObject({
      operation: "stat",
      path: folder.join("points", "3f9a.json"),
    });
    expect(existsSync(folder.join("points", "3f9a.json", "inner"))).toBe(true);
    expect(await readdir(folder.join("points"))).toEqual(["3f9a.json"]);
  });

  it("says that there is a file in the place of a folder, and leaves it", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    await writeFile(folder.join("points"), "a file");
    for (const [name, call] of Object.entries(touch(store, PATH))) {
      await expect(call(), name).rejects.toThrow(NotAFileError);
      await expect(call(), name).rejects.toMatchObject({ path: expect.stringContaining("points") });
    }
    await expect(store.read(PATH)).rejects.toThrow("points is a file, not a folder");
    expect(await readFile(folder.join("points"), "utf8")).toBe("a file");
  });

  it("does not wait for a pipe", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    await mkdir(folder.join("points"));
    execFileSync("mkfifo", [folder.join("points", "3f9a.json")]);
    await expect(store.read(PATH)).rejects.toThrow(NotAFileError);
    await expect(store.stat(PATH)).rejects.toThrow("there is a device or a pipe in its place");
    expect(() => store.sync?.readShared(PATH, 100)).toThrow(NotAFileError);
    for await (const entry of store.list("")) expect.unreachable(entry.path);
  });

  it.each(["an existing file", "a missing file"])("does not follow a symbolic link to %s outside", async (target) => {
    await using folder = await temporaryFolder();
    const outside = folder.join("outside");
    if (target === "an existing file") await writeFile(outside, "secret");
    await mkdir(folder.join("data", "points"), { recursive: true });
    const link = folder.join("data", "points", "3f9a.json");
    await symlink(outside, link);
    const store = fileStore(folder.join("data"), { durable: false });
    for await (const entry of store.list("")) expect.unreachable(entry.path);
    const { read, readShared, stat, createIfAbsent, writeFresh, move } = touch(store, PATH);
    for (const call of [read, readShared, stat, createIfAbsent, move])
      await expect(call?.()).rejects.toThrow(NotAFileError);
    await expect(writeFresh?.()).rejects.toThrow(StoreError);
    // Taking its place and removing it concern the link itself.
    await store.replace(PATH, [Buffer.from("ours")]);
    expect(Buffer.from((await store.read(PATH)) ?? []).toString()).toBe("ours");
    expect(existsSync(outside) ? await readFile(outside, "utf8") : undefined).toBe(
      target === "an existing file" ? "secret" : undefined,
    );
  });

  it("does not go through a folder that is a symbolic link", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.join("outside"));
    await writeFile(folder.join("outside", "3f9a.json"), "secret");
    await mkdir(folder.join("data"));
    await symlink(folder.join("outside"), folder.join("data", "points"));
    const store = fileStore(folder.join("data"), { durable: false });
    for (const [name, call] of Object.entries(touch(store, PATH)))
      await expect(call(), name).rejects.toThrow(NotAFileError);
    for (const [name, call] of Object.entries(touch(store, storePath("points", "deep", "a"))))
      await expect(call(), name).rejects.toThrow(NotAFileError);
    for await (const entry of store.list("")) expect.unreachable(entry.path);
    await expect(store.read(PATH)).rejects.toThrow("points is a symbolic link, not a folder");
    expect(await readdir(folder.join("outside"))).toEqual(["3f9a.json"]);
  });

  it("may itself be reached through a symbolic link", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.join("real"));
    await symlink(folder.join("real"), folder.join("data"));
    const store = fileStore(folder.join("data"), { durable: false });
    expect(await store.createIfAbsent(PATH, [Buffer.from("one")])).toBe("created");
    expect(await readFile(folder.join("real", "points", "3f9a.json"), "utf8")).toBe("one");
  });

  it("does not list what no path leads to", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    await store.createIfAbsent(PATH, [Buffer.from("one")]);
    for (const name of ["a: b", "trailing.", "caf\u00e9", "CON"]) await writeFile(folder.join("points", name), "x");
    const listed: string[] = [];
    for await (const entry of store.list("")) listed.push(entry.path);
    expect(listed).toEqual([PATH]);
  });

  it("reads what is left of a file that becomes shorter meanwhile", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    const bytes = Buffer.alloc(80 * 1024 * 1024, 7);
    await store.writeFresh(PATH, [bytes]);
    const left = 3 * 8 * 1024 * 1024 + 5;
    let isCut = false;
    const read = await store.read(PATH, {
      async onChunk() {
        if (!isCut) await truncate(store.localPath(PATH), left);
        isCut = true;
      },
    });
    expect(read?.length).toBeGreaterThanOrEqual(left);
    expect(read?.length).toBeLessThan(bytes.length);
    expect(read?.every((byte) => byte === 7)).toBe(true);
  });
});

describe("the temporary files of a folder", () => {
  it("are removed when their process is dead or they are a day old, and no others", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    const names = await plantTemporaries(folder.join(".persistable", "tmp"));
    expect(await store.removeLitter()).toBe(3);
    expect((await readdir(folder.join(".persistable", "tmp"))).sort()).toEqual(
      [names.ofLiving, names.ofElsewhere].sort(),
    );
    for await (const entry of store.list("")) expect.unreachable(entry.path);
  });

  it("are removed by the first write of a process", async () => {
    await using folder = await temporaryFolder();
    const names = await plantTemporaries(folder.join(".persistable", "tmp"));
    const store = fileStore(folder.path, { durable: false });
    // Only then it can write without waiting.
    await store.stat(PATH);
    store.sync?.createIfAbsent?.(PATH, [Buffer.from("one")]);
    expect((await readdir(folder.join(".persistable", "tmp"))).sort()).toEqual(
      [names.ofLiving, names.ofElsewhere].sort(),
    );
  });
});

/**
 * Plants temporary files of processes that were killed, and of others that live; the names of this
 * process's own files say where it runs.
 */
async function plantTemporaries(folder: string): Promise<{ ofLiving: string; ofElsewhere: string }> {
  const [place] = await ownPlace();
  const dead = execFileSync(process.execPath, ["-p", "process.pid"]).toString().trim();
  const names = {
    ofDead: `${place}-${dead}-00c0ffee~1`,
    ofDeadLink: `${place}-${dead}-00c0ffee~1~link`,
    ofLiving: `${place}-${process.ppid}-00c0ffee~1`,
    ofElsewhere: `${"0".repeat(12)}-${dead}-00c0ffee~1`,
    ofNobody: "something-old",
  };
  await mkdir(folder, { recursive: true });
  for (const name of Object.values(names)) await writeFile(`${folder}/${name}`, "unfinished");
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  await utimes(`${folder}/${names.ofNobody}`, yesterday, yesterday);
  return names;
}

/** Read from a temporary file of this process, seen while it is written. */
async function ownPlace(): Promise<string[]> {
  await using folder = await temporaryFolder();
  const store = fileStore(folder.path, { durable: false });
  let seen: string[] = [];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    seen = await readdir(folder.join(".persistable", "tmp"));
    yield Buffer.from("x");
  }
  await store.createIfAbsent(PATH, chunks());
  return (seen[0] ?? "").split("-");
}
