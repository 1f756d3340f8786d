import { execFile, execFileSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { buildChild } from "../support/run-child.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import type { ChildTask } from "./file-store-child.ts";

const child = await buildChild("test/store/file-store-child.ts");
const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === "linux";
const PATH = storePath("points", "3f9a.json");

/** Runs it in a process of its own, under limits of the shell: `ulimit -n 64`. */
async function runChild(task: ChildTask, limits = "true"): Promise<Record<string, unknown>> {
  const args = ["-c", `${limits} && exec "$0" "$@"`, process.execPath, child, JSON.stringify(task)];
  const { stdout } = await promisify(execFile)("bash", args);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A disk of its own, which only root may make. */
async function mountedDisk(options: string): Promise<TemporaryFolder | undefined> {
  const folder = await temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder.path], { stdio: "pipe" });
  } catch {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    ...folder,
    async [Symbol.asyncDispose]() {
      execFileSync("umount", ["-l", folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

const full = /^PERSISTABLE_STORE_FULL: Could not \w+ .*points.*no space is left/;
const denied = /^PERSISTABLE_STORE_ACCESS: Could not \w+ .*points.*this user may not/;
const readOnly = /^PERSISTABLE_STORE_ACCESS: Could not \w+ .*points.*read-only/;
const tooMany = /^PERSISTABLE_TOO_MANY_OPEN_FILES: Could not \w+ .*points.*ulimit -n/;

describe.runIf(process.platform !== "win32")("a folder as a store, where the system says no", () => {
  it.runIf(isRoot && isLinux)("leaves nothing on a full disk, and what was there as it was", async (context) => {
    await using disk = await mountedDisk("size=256k");
    if (disk === undefined) return context.skip("this root may not mount");
    await fileStore(disk.path).createIfAbsent(PATH, [Buffer.from("first")]);
    await writeFile(disk.join("ballast"), Buffer.alloc(160 * 1024));
    const told = await runChild({ task: "everything", dir: disk.path, payloadBytes: 300_000 });
    expect(told).toMatchObject({
      read: 5,
      readShared: 5,
      stat: 5,
      list: ["ballast", "points/other.json"],
      temporaries: [],
    });
    for (const name of ["writeFresh", "createIfAbsent", "createIfAbsentSync", "replace"])
      expect(told[name]).toMatch(full);
    // Moving and removing need no room.
    expect(told).toMatchObject({ move: true, remove: false });
  });

  it("leaves nothing where a file would become too big, and what was there as it was", async () => {
    await using folder = await temporaryFolder();
    await fileStore(folder.path).createIfAbsent(PATH, [Buffer.from("first")]);
    const told = await runChild({ task: "everything", dir: folder.path, payloadBytes: 300_000 }, "ulimit -f 64");
    for (const name of ["writeFresh", "createIfAbsent", "createIfAbsentSync", "replace"])
      expect(told[name]).toMatch(full);
    expect(told).toMatchObject({ read: 5, list: ["points/other.json"], temporaries: [] });
  });

  it("reads from a folder that it may not write, and says whose fault it is that it cannot", async () => {
    await using folder = await temporaryFolder();
    const dir = folder.join("data");
    await fileStore(dir).createIfAbsent(PATH, [Buffer.from("first")]);
    const mode = isRoot ? 0o755 : 0o555;
    for (const path of [folder.path, dir, `${dir}/points`, `${dir}/.persistable`, `${dir}/.persistable/tmp`])
      await chmod(path, mode);
    const told = await runChild({ task: "everything", dir, ...(isRoot ? { uid: 65_534 } : {}) });
    for (const path of [dir, `${dir}/points`, `${dir}/.persistable`, `${dir}/.persistable/tmp`])
      await chmod(path, 0o755);
    for (const name of ["writeFresh", "createIfAbsent", "createIfAbsentSync", "replace", "move", "remove"])
      expect(told[name], name).toMatch(denied);
    expect(told).toMatchObject({ read: 5, readShared: 5, stat: 5, list: [PATH] });
  });

  it.runIf(isRoot && isLinux)("reads from a disk that is mounted read-only", async (context) => {
    await using disk = await mountedDisk("size=1m");
    if (disk === undefined) return context.skip("this root may not mount");
    await fileStore(disk.path).createIfAbsent(PATH, [Buffer.from("first")]);
    execFileSync("mount", ["-o", "remount,ro", disk.path]);
    const told = await runChild({ task: "everything", dir: disk.path });
    for (const name of ["writeFresh", "createIfAbsent", "createIfAbsentSync", "replace", "move", "remove"])
      expect(told[name], name).toMatch(readOnly);
    expect(told).toMatchObject({ read: 5, readShared: 5, stat: 5, list: [PATH], temporaries: [] });
  });

  it("does not take what it may not read for a missing object", async () => {
    await using folder = await temporaryFolder();
    const dir = folder.join("data");
    await fileStore(dir).createIfAbsent(PATH, [Buffer.from("first")]);
    await chmod(folder.path, 0o755);
    await chmod(`${dir}/${PATH}`, 0o000);
    const told = await runChild({ task: "everything", dir, ...(isRoot ? { uid: 65_534 } : {}) });
    expect(told.read).toMatch(denied);
    expect(told.readShared).toMatch(denied);
    await chmod(`${dir}/points`, 0o000);
    const outside = await runChild({ task: "everything", dir, ...(isRoot ? { uid: 65_534 } : {}) });
    await chmod(`${dir}/points`, 0o755);
    for (const name of ["read", "readShared", "stat", "remove", "move", "list"])
      expect(outside[name], name).toMatch(denied);
  });

  it("opens no more files at once than it must", async () => {
    await using folder = await temporaryFolder();
    const told = await runChild({ task: "burst", dir: folder.path }, "ulimit -n 128");
    expect(told).toEqual({ created: 200, read: 400 });
  });

  it("waits for a while where too many files are open, and then says so", async () => {
    await using folder = await temporaryFolder();
    const told = await runChild({ task: "exhaustion", dir: folder.path }, "ulimit -n 128");
    expect(told).toMatchObject({ patient: 100, after: 100 });
    for (const name of ["sync", "impatient", "write"]) expect(told[name], name).toMatch(tooMany);
  });
});
