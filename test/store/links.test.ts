import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sftpStore } from "../../src/entry/stores/sftp.ts";
import { NotAFileError } from "../../src/errors/store-errors.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import type { Store, StorePath } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { startSshd } from "../support/servers/sshd.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const sshd = await startSshd();
afterAll(() => sshd?.close());

const PATH = storePath("points", "deep", "a.json");
const OTHER = storePath("other", "b.json");
const bytes = [Buffer.from("new")];

const kinds: [string, (dir: string) => Store | Promise<Store>][] = [["a folder", (dir) => fileStore(dir)]];
if (sshd !== undefined) {
  const { port, hostKey, keyFile: privateKeyFile, username } = sshd;
  kinds.push(["SFTP", (dir) => sftpStore({ host: "127.0.0.1", port, hostKey, privateKeyFile, username, path: dir })]);
}

/** Every call that has to do with the object, or with a folder of it. */
function everyCall(store: Store): Record<string, () => unknown> {
  const drain = async (prefix: string): Promise<void> => {
    for await (const entry of store.list(prefix)) expect.unreachable(entry.path);
  };
  const later = async function* (): AsyncGenerator<Uint8Array> {
    yield* bytes;
  };
  return {
    read: () => store.read(PATH),
    "read of a range": () => store.read(PATH, { range: { start: 0, end: 2 } }),
    stat: () => store.stat(PATH),
    list: () => drain("points/deep/"),
    "list of a prefix": () => drain("points/deep/a"),
    writeFresh: () => store.writeFresh(storePath("points", "deep", "fresh"), bytes),
    createIfAbsent: () => store.createIfAbsent(storePath("points", "deep", "made"), bytes),
    "createIfAbsent of a stream": () => store.createIfAbsent(storePath("points", "deep", "made"), later()),
    replace: () => store.replace(PATH, bytes),
    "move from there": () => store.move(PATH, storePath("moved")),
    "move to there": () => store.move(OTHER, storePath("points", "deep", "moved")),
    remove: () => store.remove(PATH),
    "moveFolder of an inner one": () => store.moveFolder?.(storePath("points", "deep", "er"), storePath("moved")),
    "moveFolder to there": () => store.moveFolder?.(storePath("other"), storePath("points", "deep", "moved")),
    "removeTree of an inner one": () => store.removeTree?.(storePath("points", "deep", "er")),
    ...(store.sync === undefined
      ? {}
      : {
          readShared: async () => store.sync?.readShared(PATH, 100),
          "sync.createIfAbsent": async () => store.sync?.createIfAbsent?.(storePath("points", "deep", "made"), bytes),
          "sync.remove": async () => store.sync?.remove?.(PATH),
          "exists of another": async () => store.sync?.exists?.(storePath("points", "deep", "none")),
        }),
  };
}

/** Names and texts of everything below a folder, and where links lead to. */
function snapshot(folder: string): unknown {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return names.map((name) => {
    const full = path.join(folder, name);
    return [name, statSync(full).isFile() ? readFileSync(full, "utf8") : ""];
  });
}

/**
 * A store that has read and written there; then a folder of it moves out, and a link takes its
 * place.
 */
async function linkedAfterUse(
  folder: TemporaryFolder,
  open: (dir: string) => Store | Promise<Store>,
  linked: string,
): Promise<Store> {
  const store = await open(folder.join("data"));
  await store.createIfAbsent(PATH, [Buffer.from("precious")]);
  await store.writeFresh(storePath("points", "deep", "er", "c.json"), [Buffer.from("c")]);
  await store.replace(OTHER, [Buffer.from("other")]);
  expect(String(Buffer.from((await store.read(PATH)) ?? []))).toBe("precious");
  store.sync?.readShared(PATH, 100);
  store.sync?.exists?.(PATH);
  renameSync(folder.join("data", linked), folder.join("outside"));
  symlinkSync(folder.join("outside"), folder.join("data", linked));
  return store;
}

describe.each(kinds)("%s that was used, in which a folder becomes a symbolic link", (_kind, open) => {
  it.each(["points", "points/deep"])("follows it in no call: %s", async (linked) => {
    await using folder = await temporaryFolder();
    const store = await linkedAfterUse(folder, open, linked);
    const before = snapshot(folder.join("outside"));
    for (const [name, call] of Object.entries(everyCall(store)))
      await expect(call(), name).rejects.toThrow(NotAFileError);
    await store.removeFolder?.(storePath("points", "deep", "er"));
    const listed: string[] = [];
    for await (const entry of store.list("")) listed.push(entry.path);
    expect(listed).toEqual([OTHER]);
    expect(snapshot(folder.join("outside"))).toEqual(before);
    expect(readdirSync(folder.join("data", ".persistable", "tmp"))).toEqual([]);
  });

  it.each([".persistable", ".persistable/tmp"])("writes nothing through it: %s", async (linked) => {
    await using folder = await temporaryFolder();
    const store = await linkedAfterUse(folder, open, linked);
    const before = snapshot(folder.join("outside"));
    await expect(store.createIfAbsent(storePath("points", "new"), bytes)).rejects.toThrow(NotAFileError);
    await expect(store.replace(PATH, bytes)).rejects.toThrow(NotAFileError);
    await expect(store.removeTree?.(storePath("points", "deep"))).rejects.toThrow(NotAFileError);
    expect(snapshot(folder.join("outside"))).toEqual(before);
    expect(Buffer.from((await store.read(PATH)) ?? []).toString()).toBe("precious");
  });

  it("moves and removes the link itself, in the place of a folder and in one", async () => {
    await using folder = await temporaryFolder();
    const store = await linkedAfterUse(folder, open, "points/deep");
    const before = snapshot(folder.join("outside"));
    expect(await store.moveFolder?.(storePath("points", "deep"), storePath("aside", "deep"))).toBe(true);
    expect(await store.removeTree?.(storePath("aside", "deep"))).toBe(true);
    expect(await store.removeTree?.(storePath("aside", "deep"))).toBe(false);
    symlinkSync(folder.join("outside"), folder.join("data", "points", "link"));
    execFileSync("mkfifo", [folder.join("data", "points", "pipe")]);
    expect(await store.removeTree?.(storePath("points"))).toBe(true);
    expect(snapshot(folder.join("outside"))).toEqual(before);
    expect(readdirSync(folder.join("data")).sort()).toEqual([".persistable", "aside", "other"]);
    expect(readdirSync(folder.join("data", ".persistable", "tmp"))).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("the temporary files of a folder", () => {
  it.each([".persistable", ".persistable/tmp"])("are not looked for through a symbolic link: %s", async (linked) => {
    await using folder = await temporaryFolder();
    const outside = linked === ".persistable" ? folder.join("outside", "tmp") : folder.join("outside");
    mkdirSync(outside, { recursive: true });
    writeFileSync(path.join(outside, "notes.txt"), "a year of work");
    utimesSync(path.join(outside, "notes.txt"), 1, 1);
    mkdirSync(folder.join("data", path.dirname(linked)), { recursive: true });
    symlinkSync(folder.join("outside"), folder.join("data", linked));
    const store = fileStore(folder.join("data"));
    await expect(store.createIfAbsent(PATH as StorePath, bytes)).rejects.toThrow(NotAFileError);
    await expect(store.removeLitter()).rejects.toThrow(NotAFileError);
    expect(readFileSync(path.join(outside, "notes.txt"), "utf8")).toBe("a year of work");
    expect(readdirSync(outside)).toEqual(["notes.txt"]);
  });

  it("of a dead process go with the folders among them, but not with what a link leads to", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.join("outside"));
    writeFileSync(folder.join("outside", "notes.txt"), "a year of work");
    const aside = folder.join("data", ".persistable", "tmp", "somebody~1");
    mkdirSync(path.join(aside, "sub"), { recursive: true });
    writeFileSync(path.join(aside, "sub", "c.txt"), "c");
    symlinkSync(folder.join("outside"), path.join(aside, "link"));
    symlinkSync(folder.join("outside"), folder.join("data", ".persistable", "tmp", "somebody~2"));
    utimesSync(aside, 1, 1);
    execFileSync("touch", ["-h", "-d", "@1", folder.join("data", ".persistable", "tmp", "somebody~2")]);
    expect(await fileStore(folder.join("data")).removeLitter()).toBe(2);
    expect(readdirSync(folder.join("data", ".persistable", "tmp"))).toEqual([]);
    expect(readdirSync(folder.join("outside"))).toEqual(["notes.txt"]);
  });
});

it("a folder that is a symbolic link is not watched", async () => {
  await using folder = await temporaryFolder();
  mkdirSync(folder.join("outside"));
  mkdirSync(folder.join("data"));
  symlinkSync(folder.join("outside"), folder.join("data", "points"));
  mkdirSync(folder.join("data", "real"));
  const store = fileStore(folder.join("data"));
  let told = 0;
  const watch = store.watch?.(storePath("points"), () => told++);
  const real = new Promise<void>((resolve) => {
    const other = store.watch?.(storePath("real"), () => {
      other?.close();
      resolve();
    });
  });
  writeFileSync(folder.join("outside", "a"), "a");
  writeFileSync(folder.join("data", "real", "a"), "a");
  await real;
  watch?.close();
  expect(told).toBe(0);
});
