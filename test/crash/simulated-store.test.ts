import { beforeAll, describe, expect, it } from "vitest";
import type { FileStat, FileSystem } from "../../src/store/folder/calls/file-system.ts";
import { systemError } from "../support/simulated-disk.ts";
import type { SimulationOptions } from "../support/simulation.ts";
import { BrokenPromiseError, StoreTrial } from "../support/store-trial.ts";

/** How many schedules are run, in all; a long run takes 10,000. */
const seeds = Number(process.env.PERSISTABLE_TEST_SIMULATION_SEEDS ?? 40);

/** The worlds, which the seeds are shared among. */
const worlds: readonly (readonly [name: string, options: Omit<SimulationOptions, "seed">])[] = [
  ["three writers and a power cut", { processes: 3, powerCutChance: 0.01 }],
  ["writers that are killed, and a power cut", { processes: 4, killChance: 0.02, powerCutChance: 0.005 }],
  [
    "a disk that fails and lies about it",
    { processes: 3, faultChance: 0.03, killChance: 0.005, powerCutChance: 0.005 },
  ],
  ["a disk without hard links", { processes: 3, hardLinks: false, killChance: 0.01, powerCutChance: 0.005 }],
  ["writers through the synchronous door", { processes: 3, synchronous: true, powerCutChance: 0.02 }],
  ["nothing but haste", { processes: 4 }],
];

beforeAll(() => StoreTrial.warmUp());

describe("a folder as a store, on a simulated disk", () => {
  it.each(worlds)("keeps its promises with %s", async (_, options) => {
    for (let seed = 1; seed <= Math.ceil(seeds / worlds.length); seed++)
      await new StoreTrial({ ...options, seed }).run();
  });

  it("does the same for the same seed", async () => {
    const run = async (): Promise<readonly string[]> => {
      const trial = new StoreTrial({ seed: 7, processes: 4, faultChance: 0.05, killChance: 0.01 });
      await trial.run();
      return trial.simulation.trace;
    };
    expect(await run()).toEqual(await run());
  });
});

/** A bug that is planted to see that the simulation notices it. */
interface PlantedBug {
  readonly bug: string;
  readonly plant: (disk: FileSystem) => FileSystem;
  readonly faultChance?: number;
}

const bugs: readonly PlantedBug[] = [
  {
    bug: "a record is not synced before it gets its name",
    plant: (disk) => withoutSync(disk, (path) => path.includes("/tmp/")),
  },
  { bug: "a payload is not synced", plant: (disk) => withoutSync(disk, (path) => path.endsWith(".bin")) },
  { bug: "what another one wrote is not synced", plant: (disk) => withoutSync(disk, (path) => path.endsWith(".json")) },
  {
    bug: "the folder of a record is not synced",
    plant: (disk) => withoutFolderSync(disk, (path) => path.startsWith("/home/sim/")),
  },
  { bug: "the folder above is not synced", plant: (disk) => withoutFolderSync(disk, (path) => path === "/home/sim") },
  {
    bug: "the folder above the store is not synced",
    plant: (disk) => withoutFolderSync(disk, (path) => path === "/home"),
  },
  {
    bug: "the topmost folder that was created is not synced",
    plant: (disk) => withoutFolderSync(disk, (path) => path === "/"),
  },
  { bug: "the loser does not sync", plant: withoutSyncOfLosers },
  { bug: "a failed fsync is tried again", plant: withFsyncTriedAgain, faultChance: 0.05 },
  { bug: "a record gets its name by rename", plant: withRenameForLink },
  { bug: "a lost answer is taken for another's success", plant: withoutIdentities },
  { bug: "a short write is taken for a whole one", plant: withShortWritesIgnored },
];

describe("the simulation", () => {
  it.each(bugs)("notices when $bug", async ({ plant, faultChance = 0 }) => {
    let found: unknown;
    for (let seed = 1; seed <= 500 && found === undefined; seed++) {
      const trial = new StoreTrial({
        seed,
        processes: 3,
        killChance: 0.01,
        powerCutChance: 0.01,
        faultChance,
        wrap: plant,
      });
      await trial.run().catch((error: unknown) => {
        found = error;
      });
    }
    expect(found).toBeInstanceOf(BrokenPromiseError);
  });
});

function withoutSync(disk: FileSystem, isSkipped: (path: string) => boolean): FileSystem {
  const paths = new Map<number, string>();
  return override(disk, {
    async open(path, mode) {
      const file = await disk.async.open(path, mode);
      paths.set(file, path);
      return file;
    },
    fsync: async (file) => (isSkipped(paths.get(file) ?? "") ? undefined : disk.async.fsync(file)),
  });
}

function withoutFolderSync(disk: FileSystem, isSkipped: (path: string) => boolean): FileSystem {
  return override(disk, { syncFolder: async (path) => (isSkipped(path) ? undefined : disk.async.syncFolder(path)) });
}

function withoutSyncOfLosers(disk: FileSystem): FileSystem {
  let hasLost = false;
  return override(disk, {
    async link(path, newPath) {
      hasLost = true;
      await disk.async.link(path, newPath);
      hasLost = false;
    },
    syncFolder: async (path) => (hasLost ? undefined : disk.async.syncFolder(path)),
  });
}

function withFsyncTriedAgain(disk: FileSystem): FileSystem {
  return override(disk, { fsync: (file) => disk.async.fsync(file).catch(() => disk.async.fsync(file)) });
}

function withRenameForLink(disk: FileSystem): FileSystem {
  return override(disk, { link: (path, newPath) => disk.async.rename(path, newPath) });
}

/**
 * Every second link does its work and says that the name was taken; and no two looks at a file find
 * the same one.
 */
function withoutIdentities(disk: FileSystem): FileSystem {
  let count = 0;
  return override(disk, {
    async link(path, newPath) {
      await disk.async.link(path, newPath);
      if (count++ % 2 === 0) throw systemError("EEXIST", "link", newPath);
    },
    async stat(path) {
      const stat = await disk.async.stat(path);
      return stat === undefined ? undefined : { ...stat, identity: `${count++}` };
    },
  });
}

function withShortWritesIgnored(disk: FileSystem): FileSystem {
  const sizes = new Map<number, number>();
  return override(disk, {
    async write(file, buffer, offset, length) {
      await disk.async.write(file, buffer, offset, length);
      sizes.set(file, (sizes.get(file) ?? 0) + length);
      return length;
    },
    // The store compares the size too, and would notice the bug by itself.
    async statOpen(file) {
      const stat: FileStat = await disk.async.statOpen(file);
      return { ...stat, sizeBytes: sizes.get(file) ?? 0 };
    },
    async close(file) {
      sizes.delete(file);
      await disk.async.close(file);
    },
  });
}

function override(disk: FileSystem, calls: Partial<FileSystem["async"]>): FileSystem {
  return { ...disk, async: { ...disk.async, ...calls } };
}
