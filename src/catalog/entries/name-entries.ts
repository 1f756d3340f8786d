import type { Address } from "../../address/address.ts";
import { addressOfFailurePath, addressOfRecordPath, failurePath } from "../../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { MAX_RECORD_BYTES } from "../../record/record.ts";
import { folderNames } from "../../store/folder-names.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { readEntry, readFailureEntry, unreadable } from "./read-entry.ts";

const CONCURRENT_READS = 32;

/** The changes between two looks at the artifacts of a name. */
export interface EntryChanges {
  readonly added: readonly CatalogEntry[];
  readonly removed: readonly CatalogEntry[];
}

/** The artifacts of one name in one store, as they were at the last refresh. */
export class NameEntries {
  readonly #store: ReadableStore;
  readonly #name: string;
  readonly #entries = new Map<Address, CatalogEntry>();
  #refreshing: Promise<unknown> = Promise.resolve();

  constructor(store: ReadableStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(address: Address): CatalogEntry | undefined {
    return this.#entries.get(address);
  }

  all(): Iterable<CatalogEntry> {
    return this.#entries.values();
  }

  /**
   * Reads what is new since the last time. Of an artifact that was generated again meanwhile, the
   * earlier entry stays.
   *
   * @throws a StoreError where the store cannot be listed; the signal's reason
   */
  refresh(signal: AbortSignal | undefined): Promise<EntryChanges> {
    const refreshing = this.#refreshing.then(() => this.#refresh(signal));
    // The next refresh must not fail because this one did.
    this.#refreshing = refreshing.catch(() => {});
    return refreshing;
  }

  async #refresh(signal: AbortSignal | undefined): Promise<EntryChanges> {
    const { records, failures } = await this.#list(signal);
    const removed: CatalogEntry[] = [];
    for (const [address, entry] of this.#entries) {
      if ((entry.state === "failed" ? failures : records).has(address)) continue;
      this.#entries.delete(address);
      removed.push(entry);
    }
    const isNew = (address: Address): boolean => !this.#entries.has(address);
    const fresh = [...[...records].map(recordOf), ...[...failures].map(failureOf)].filter(({ address }) =>
      isNew(address),
    );
    const added = await this.#readAll(fresh, signal);
    for (const entry of added) this.#entries.set(entry.address, entry);
    return { added, removed };
  }

  async #list(signal: AbortSignal | undefined): Promise<{ records: Set<Address>; failures: Set<Address> }> {
    const { objects } = await folderNames(this.#store, artifactFolder(this.#name), { signal });
    const records = new Set<Address>();
    const failures = new Set<Address>();
    for (const object of objects) {
      const record = addressOfRecordPath(object);
      if (record !== undefined) records.add(record);
      const failure = addressOfFailurePath(object);
      if (failure !== undefined) failures.add(failure);
    }
    // A note of a failure may outlive the success that followed.
    for (const address of records) failures.delete(address);
    return { records, failures };
  }

  async #readAll(fresh: readonly FoundFile[], signal: AbortSignal | undefined): Promise<CatalogEntry[]> {
    const { sync } = this.#store;
    const added: CatalogEntry[] = [];
    if (sync === undefined) {
      const read = await mapConcurrently(fresh, (file) => this.#read(file, signal), {
        concurrency: CONCURRENT_READS,
        signal,
      });
      return read.filter((entry) => entry !== undefined);
    }
    const pauseTimer = new PauseTimer(signal);
    for (const file of fresh) {
      if (pauseTimer.isDue()) await pauseTimer.pause();
      const entry = this.#readNow(file) ?? (await this.#read(file, signal));
      if (entry !== undefined) added.push(entry);
    }
    return added;
  }

  #readNow(file: FoundFile): CatalogEntry | undefined {
    try {
      const bytes = this.#store.sync?.readShared(this.#pathOf(file), MAX_RECORD_BYTES);
      return bytes instanceof Uint8Array ? this.#entryOf(file, bytes) : undefined;
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  /** One record that cannot be read must not hide all others. */
  async #read(file: FoundFile, signal: AbortSignal | undefined): Promise<CatalogEntry | undefined> {
    try {
      const bytes = await readRecordBytes(this.#store, this.#pathOf(file), { signal });
      return bytes === undefined ? undefined : this.#entryOf(file, bytes);
    } catch (error) {
      if (error instanceof StoreError) return unreadable("damaged", this.#name, file.address, error.message);
      throw error;
    }
  }

  #entryOf({ address, kind }: FoundFile, bytes: Uint8Array): CatalogEntry | undefined {
    return kind === "failure" ? readFailureEntry(bytes, this.#name, address) : readEntry(bytes, this.#name, address);
  }

  #pathOf({ address, kind }: FoundFile): StorePath {
    return kind === "failure" ? failurePath(this.#name, address) : recordPath(this.#name, address);
  }
}

interface FoundFile {
  readonly address: Address;
  readonly kind: "record" | "failure";
}

function recordOf(address: Address): FoundFile {
  return { address, kind: "record" };
}

function failureOf(address: Address): FoundFile {
  return { address, kind: "failure" };
}
