import type { Address } from "../address/address.ts";
import { addressOfRecordPath, objectAt } from "../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { artifactFolder } from "../artifact/layout/record-path.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import { isRecord, parseRecord } from "../record/parse-record.ts";
import type { ArtifactRecord, RecordDependency } from "../record/record.ts";
import { isInternal } from "../store/internal-folder.ts";
import type { Store, StoreEntry, StorePath } from "../store/store.ts";
import { collected } from "../util/concurrency/collected.ts";
import { mapConcurrently } from "../util/concurrency/map-concurrently.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { addressesIn } from "./addresses-in.ts";

/** The facts that collecting needs to know of one artifact, or of a record that cannot be read. */
export interface StoredArtifact {
  /** The path of its record. */
  readonly path: StorePath;
  /** The digest of its record, as it was read. */
  readonly recordDigest: string;
  /** The name of the artifact; if its record cannot be read, the name of its folder. */
  readonly name: string;
  readonly address: Address;
  /** Record and payload together. */
  readonly sizeBytes: number;
  readonly createdMs: number;
  /**
   * When it was last used: a load sets the time of the record of an artifact in a folder. It is
   * never earlier than the generation.
   */
  readonly usedMs: number;
  readonly durationMs: number | undefined;
  /** Everything that it was made from, as far as its record tells. */
  readonly madeFrom: readonly Address[];
  /** Absent if the record is damaged, or if a newer release wrote it. */
  readonly record: ArtifactRecord | undefined;
  /** The record as it was read. */
  readonly bytes: Uint8Array;
}

const CONCURRENT_READS = 32;

/** All objects of a store, and which of them are records. */
export interface Listing {
  readonly entries: readonly StoreEntry[];
  readonly records: readonly RecordEntry[];
}

/** A record, by its name alone. */
export interface RecordEntry extends StoreEntry {
  readonly address: Address;
}

/** @throws a StoreError if the store cannot be listed; the signal's reason */
export async function listStore(store: Store, signal: AbortSignal | undefined): Promise<Listing> {
  const entries = await collected(store.list("", { signal }));
  const records = entries.flatMap((entry) => {
    const address = isInFolder(entry.path) ? addressOfRecordPath(entry.path) : undefined;
    return address === undefined ? [] : [{ ...entry, address }];
  });
  return { entries, records };
}

/** Whether an object lies in the folder of a name itself, as records do. */
function isInFolder(path: string): boolean {
  return path.indexOf("/") > 0 && path.indexOf("/") === path.lastIndexOf("/") && !isInternal(path);
}

/**
 * Reads the record of every artifact that was listed. Those that were removed since are left out.
 */
export async function readStoredArtifacts<Kept>(
  store: Store,
  { entries, records }: Listing,
  keep: (artifact: StoredArtifact) => Kept,
  signal: AbortSignal | undefined,
): Promise<Kept[]> {
  const payloadBytes = sumPayloads(entries);
  const read = async (entry: RecordEntry): Promise<Kept[]> => {
    const bytes = await readRecordBytes(store, entry.path, { signal });
    return bytes === undefined ? [] : [keep(describe(entry, bytes, payloadBytes))];
  };
  return (await mapConcurrently(records, read, { concurrency: CONCURRENT_READS, signal })).flat();
}

/**
 * Sums the bytes of each payload beside a record, by the path of the record and the file of the
 * payload.
 */
function sumPayloads(entries: readonly StoreEntry[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { path, sizeBytes } of entries) {
    const object = objectAt(path);
    if (object.kind !== "payload" && object.kind !== "part") continue;
    const key = `${object.record} ${object.file}`;
    sums.set(key, (sums.get(key) ?? 0) + sizeBytes);
  }
  return sums;
}

function describe(
  { path, address, sizeBytes, modifiedMs }: RecordEntry,
  bytes: Uint8Array,
  payloadBytes: ReadonlyMap<string, number>,
): StoredArtifact {
  const record = readRecord(path, bytes);
  const createdMs = record === undefined ? modifiedMs : Date.parse(record.provenance.createdAt);
  const { file } = record?.payload ?? {};
  return {
    path,
    recordDigest: sha256Hex(bytes),
    name: record?.name ?? path.slice(0, path.indexOf("/")),
    address,
    sizeBytes: sizeBytes + (file === undefined ? 0 : (payloadBytes.get(`${path} ${file}`) ?? 0)),
    createdMs,
    usedMs: Math.max(createdMs, modifiedMs),
    durationMs: record?.provenance.durationMs,
    madeFrom: record === undefined ? mentionedIn(bytes, address) : upstreamOf(record.dependencies),
    ...{ record, bytes },
  };
}

function readRecord(path: StorePath, bytes: Uint8Array): ArtifactRecord | undefined {
  try {
    const record = parseRecord(bytes, path, []);
    const isInItsPlace = isRecord(record) && path === `${artifactFolder(record.name)}/${record.address}.json`;
    return isInItsPlace ? record : undefined;
  } catch (error) {
    if (error instanceof NewerRecordError) return undefined;
    throw error;
  }
}

function upstreamOf(dependencies: Readonly<Record<string, RecordDependency>>): readonly Address[] {
  const found = new Set<Address>();
  const open = Object.values(dependencies);
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    found.add(one.address);
    open.push(...Object.values(one.dependencies ?? {}));
  }
  return [...found];
}

/**
 * Returns the addresses in a record that cannot be parsed: its artifact may have been made from
 * them.
 */
function mentionedIn(bytes: Uint8Array, own: Address): readonly Address[] {
  const text = new TextDecoder("latin1").decode(bytes);
  return addressesIn(text).filter((address) => address !== own);
}
