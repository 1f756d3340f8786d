import { describe, expect, it } from "vitest";
import { StoreAccessError } from "../../src/errors/store-errors.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { type DiskRig, diskRig, PATH, TEMPORARY } from "../support/disk-rig.ts";

const HOUR_MS = 60 * 60 * 1000;

/** Temporary files of other processes. */
async function plant({ fileSystem, disk }: DiskRig, names: readonly string[]): Promise<void> {
  for (const folder of ["/data", "/data/.persistable", TEMPORARY]) {
    if (disk.stat(folder) === undefined) disk.mkdir(folder);
  }
  for (const name of names) await fileSystem.async.close(await fileSystem.async.open(`${TEMPORARY}/${name}`, "create"));
}

async function left({ disk }: DiskRig): Promise<string[]> {
  return disk
    .readFolder(TEMPORARY)
    .map((entry) => entry.name)
    .sort();
}

describe("temporary files", () => {
  it("go when their process is dead, and stay otherwise", async () => {
    const rig = await diskRig({ isOwnerDead: (owner) => owner === "dead" });
    await plant(rig, ["dead~1", "dead~2~link", "alive~1", "dead-or-alive~1", "ours~77"]);
    expect(await fileStore("/data", rig).removeLitter()).toBe(2);
    expect(await left(rig)).toEqual(["alive~1", "dead-or-alive~1", "ours~77"]);
  });

  it("go after a day without a change, whoever made them, except for our own", async () => {
    const rig = await diskRig({});
    await plant(rig, ["alive~1", "no owner", "ours~77"]);
    rig.disk.nowMs += 24 * HOUR_MS;
    await plant(rig, ["alive~2"]);
    expect(await fileStore("/data", rig).removeLitter()).toBe(0);
    rig.disk.nowMs += 1;
    expect(await fileStore("/data", rig).removeLitter()).toBe(2);
    expect(await left(rig)).toEqual(["alive~2", "ours~77"]);
  });

  it("go with the first write of a store, and are not looked for again", async () => {
    for (const way of ["createIfAbsent", "replace"] as const) {
      const rig = await diskRig({ isOwnerDead: () => true });
      await plant(rig, ["dead~1"]);
      await rig.store[way](PATH, [Buffer.from("ours")]);
      expect(await left(rig)).toEqual([]);
      await plant(rig, ["dead~2"]);
      await rig.store[way](PATH, [Buffer.from("ours")]);
      expect(await left(rig)).toEqual(["dead~2"]);
    }
  });

  it("are a matter of somebody else where they cannot be removed, and no reason for a write to fail", async () => {
    for (const name of ["unlink", "readFolder"]) {
      const rig = await diskRig({
        isOwnerDead: () => true,
        misbehave: (call) => (call.name === name && !call.path.includes("ours") ? { code: "EACCES" } : undefined),
      });
      await plant(rig, ["dead~1"]);
      expect(await rig.store.createIfAbsent(PATH, [])).toBe("created");
      expect(await left(rig)).toEqual(["dead~1"]);
      await expect(fileStore("/data", rig).removeLitter()).rejects.toThrow(StoreAccessError);
    }
  });

  it("may be removed by several at once", async () => {
    const rig = await diskRig({
      isOwnerDead: () => true,
      misbehave: (call) => (call.name === "unlink" ? { code: "ENOENT", done: true } : undefined),
    });
    await plant(rig, ["dead~1", "dead~2"]);
    expect(await fileStore("/data", rig).removeLitter()).toBe(0);
    expect(await left(rig)).toEqual([]);
  });

  it("need not be there at all", async () => {
    const rig = await diskRig({});
    expect(await fileStore("/data", rig).removeLitter()).toBe(0);
  });
});
