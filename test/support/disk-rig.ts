import { fileStore } from "../../src/store/folder/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import {
  type Fault,
  type SimulatedCall,
  type SimulatedFileSystem,
  simulatedFileSystem,
} from "./simulated-file-system.ts";

/** The object that is written. */
export const PATH = storePath("points", "3f9a.json");
/** Its path on the disk. */
export const RECORD = "/data/points/3f9a.json";
export const TEMPORARY = "/data/.persistable/tmp";

/** A store on a simulated disk that does as it is told. */
export interface DiskRig {
  readonly store: Store;
  readonly fileSystem: SimulatedFileSystem;
  readonly disk: SimulatedDisk;
  /** Every call so far, `link /data/…`. */
  readonly calls: string[];
  content(): Promise<string | undefined>;
  /** The files that a call should not have left. */
  litter(): Promise<readonly unknown[]>;
}

/**
 * A store whose disk does what `misbehave` says; `there` is the object that another process has
 * published before.
 */
export async function diskRig(options: {
  readonly there?: string;
  readonly misbehave?: (call: SimulatedCall, calls: readonly string[]) => Fault | undefined;
  readonly hardLinks?: boolean;
  /** Reads and writes that do less than they were asked for: the default. */
  readonly shortTransfers?: boolean;
  readonly distinctIdentities?: boolean;
  readonly isOwnerDead?: (owner: string) => boolean;
}): Promise<DiskRig> {
  const disk = new SimulatedDisk("any");
  if (options.there !== undefined) {
    const other = fileStore("/data", { fileSystem: simulatedFileSystem(disk, { owner: "other" }) });
    await other.createIfAbsent(PATH, [Buffer.from(options.there)]);
  }
  const calls: string[] = [];
  const fileSystem = simulatedFileSystem(disk, {
    owner: "ours",
    shortTransfers: options.shortTransfers === false ? undefined : new SeededRandom(1),
    hardLinks: options.hardLinks ?? true,
    ...(options.isOwnerDead === undefined ? {} : { isOwnerDead: options.isOwnerDead }),
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
    disk,
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
