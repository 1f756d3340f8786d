import { addressOfRecordPath, objectAt } from "../../artifact/layout/artifact-paths.ts";
import { payloadFileIn } from "../../artifact/layout/payload-objects.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { artifactFolder } from "../../artifact/layout/record-path.ts";
import { isInternal, QUARANTINE_FOLDER } from "../../store/internal-folder.ts";
import type { Store, StoreEntry, StorePath } from "../../store/store.ts";

/** The bytes that a name takes in its store. */
export interface NameUsage {
  /** Absent for the bytes that belong to no name: leases, logs, records of runs, foreign files. */
  readonly name?: string;
  readonly artifacts: number;
  readonly recordBytes: number;
  /** Payloads that a record names, with all their files. Those inside records count as records. */
  readonly payloadBytes: number;
  /**
   * Payloads that no record names: a crash left them behind, or a publication is under way.
   */
  readonly orphanBytes: number;
  /** Damaged artifacts that were set aside. */
  readonly quarantineBytes: number;
  /** Everything else, such as notes of failures. */
  readonly otherBytes: number;
}

/**
 * Counts the bytes that each of these names takes, and the bytes of everything else.
 *
 * @throws a StoreError where the store cannot be listed; the signal's reason
 */
export async function usageOf(
  store: Store,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly NameUsage[]> {
  const nameOf = new Map(names.map((name) => [String(artifactFolder(name)), name]));
  const usages = new Map<string | undefined, UsageCounter>(names.map((name) => [name, new UsageCounter(name)]));
  usages.set(undefined, new UsageCounter(undefined));
  for await (const entry of store.list("", { signal })) {
    const folder = folderOf(entry.path);
    usages.get(nameOf.get(folder))?.add(entry, folder);
  }
  const counted: NameUsage[] = [];
  for (const usage of usages.values()) counted.push(await usage.settle(store, signal));
  return counted.filter(({ name, otherBytes }) => name !== undefined || otherBytes > 0);
}

/**
 * Returns the folder of the artifacts that a path belongs to. For an object in the quarantine, that
 * is the folder from which it was set aside.
 */
function folderOf(path: StorePath): string {
  const inner = path.startsWith(`${QUARANTINE_FOLDER}/`) ? path.slice(QUARANTINE_FOLDER.length + 1) : path;
  return inner.slice(0, Math.max(0, inner.indexOf("/")));
}

class UsageCounter {
  readonly #name: string | undefined;
  readonly #records: StorePath[] = [];
  /**
   * The bytes of each payload file, its parts included, by the path of its record and by its own
   * name.
   */
  readonly #payloads = new Map<StorePath, Map<string, number>>();
  #recordBytes = 0;
  #quarantineBytes = 0;
  #otherBytes = 0;

  constructor(name: string | undefined) {
    this.#name = name;
  }

  add({ path, sizeBytes }: StoreEntry, folder: string): void {
    const object = objectAt(path);
    if (path.startsWith(`${QUARANTINE_FOLDER}/`)) this.#quarantineBytes += sizeBytes;
    else if (this.#name === undefined || isInternal(path) || object.kind === "other") this.#otherBytes += sizeBytes;
    else if (object.kind === "record" && path.lastIndexOf("/") === folder.length) {
      this.#records.push(path);
      this.#recordBytes += sizeBytes;
    } else if (object.kind !== "record") {
      const files = this.#payloads.get(object.record) ?? new Map<string, number>();
      this.#payloads.set(object.record, files);
      files.set(object.file, (files.get(object.file) ?? 0) + sizeBytes);
    } else this.#otherBytes += sizeBytes;
  }

  async settle(store: Store, signal: AbortSignal | undefined): Promise<NameUsage> {
    let [payloadBytes, orphanBytes] = [0, 0];
    for (const [record, files] of this.#payloads) {
      const named = await namedFile(store, record, signal);
      for (const [file, sizeBytes] of files) {
        if (file === named) payloadBytes += sizeBytes;
        else orphanBytes += sizeBytes;
      }
    }
    return {
      ...(this.#name === undefined ? {} : { name: this.#name }),
      artifacts: this.#records.length,
      recordBytes: this.#recordBytes,
      payloadBytes,
      orphanBytes,
      quarantineBytes: this.#quarantineBytes,
      otherBytes: this.#otherBytes,
    };
  }
}

async function namedFile(
  store: Store,
  record: StorePath,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const address = addressOfRecordPath(record);
  const bytes = address === undefined ? undefined : await readRecordBytes(store, record, { signal });
  return bytes === undefined || address === undefined ? undefined : payloadFileIn(bytes, address);
}
