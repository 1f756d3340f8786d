import type { Address } from "../address/address.ts";
import { artifactFolder, INTERNAL_FOLDER } from "../artifact/artifact-paths.ts";
import { StoreError } from "../errors/store-errors.ts";
import { certainStore } from "../store/certain-store.ts";
import type { Store, StorePath } from "../store/store.ts";
import { sha256Hex } from "../util/sha256.ts";
import {
  decodeHeader,
  encodePack,
  FIRST_READ_BYTES,
  isWholePack,
  type PackHeader,
  type PackItem,
  type ReadHeader,
} from "./pack.ts";

/** Where the payload of one item lies. */
export interface PackPlace {
  readonly path: StorePath;
  readonly bodyStart: number;
  readonly item: PackItem;
  readonly format: string;
}

/** Ranges that are this close are read as one. */
const GAP_BYTES = 64 * 1024;
const MAX_READ_BYTES = 8 * 1024 * 1024;
const CONCURRENT_READS = 8;

/** The packs of one map in a store. Packs never change, so each header is read once. */
export class PackStore {
  readonly #store: Store;
  readonly #name: string;
  readonly #map: Address;
  readonly #folder: string;
  readonly #quarantine: string;
  readonly #known = new Set<string>();
  /** For each item where it lies; the newest first, others where that one is damaged. */
  readonly #places = new Map<Address, PackPlace[]>();

  constructor(store: Store, name: string, map: Address) {
    this.#store = store;
    this.#name = name;
    this.#map = map;
    this.#folder = `${artifactFolder(name)}/packs/${map}`;
    this.#quarantine = `${INTERNAL_FOLDER}/quarantine/${artifactFolder(name)}`;
  }

  /** The same packs, seen by a caller who removes some: one that does not come must not be taken for a damaged one. */
  certain(): PackStore {
    return new PackStore(certainStore(this.#store), this.#name, this.#map);
  }

  /** How many packs are known. */
  get count(): number {
    return this.#known.size;
  }

  /** See what others have written since. */
  async refresh(signal: AbortSignal | undefined): Promise<void> {
    const fresh: { path: StorePath; sizeBytes: number }[] = [];
    const there = new Set<string>();
    for await (const { path, sizeBytes } of this.#store.list(`${this.#folder}/`, { signal })) {
      if (!path.endsWith(".pack")) continue;
      there.add(path);
      if (!this.#known.has(path)) fresh.push({ path, sizeBytes });
    }
    this.#forget([...this.#known].filter((path) => !there.has(path)));
    fresh.sort((one, other) => (one.path < other.path ? -1 : 1));
    const headers = await mapConcurrently(fresh, (pack) => this.#readHeader(pack.path, pack.sizeBytes, signal));
    fresh.forEach(({ path }, i) => {
      const read = headers[i];
      if (read !== undefined) this.#add(path, read);
    });
  }

  has(address: Address): boolean {
    return this.#places.has(address);
  }

  /**
   * The bytes of items, in any order; an item that is damaged in every pack is left out, and is no longer there.
   *
   * @throws a StoreError where the store cannot be read
   */
  async read(
    addresses: Iterable<Address>,
    signal: AbortSignal | undefined,
    onItem: (address: Address, bytes: Uint8Array, format: string) => void | Promise<void>,
  ): Promise<void> {
    let wanted = [...addresses];
    const healed = new Set<string>();
    while (wanted.length > 0) {
      const places = wanted.flatMap((address) => this.#places.get(address)?.[0] ?? []);
      const damaged: PackPlace[] = [];
      await mapConcurrently(rangesOf(places), async (range) => {
        const bytes = await this.#store.read(range.path, { signal, range: { start: range.start, end: range.end } });
        for (const place of range.places) {
          const start = place.bodyStart + place.item.offset - range.start;
          const own = bytes?.subarray(start, start + place.item.length);
          if (own === undefined || own.length !== place.item.length || sha256Hex(own) !== place.item.sha256)
            damaged.push(place);
          else await onItem(place.item.address, own, place.format);
        }
      });
      const unhealed = await this.#heal(damaged, healed, signal);
      for (const place of unhealed) this.#drop(place);
      wanted = damaged.map((place) => place.item.address);
    }
  }

  /** Make a pack appear, whole and durable. Its name sorts by time. */
  async write(
    header: PackHeader,
    payloads: readonly (readonly Uint8Array[])[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const random = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString("hex");
    const path = `${this.#folder}/${Date.now().toString(16).padStart(12, "0")}-${random}.pack` as StorePath;
    const chunks = encodePack(header, payloads);
    await this.#store.createIfAbsent(path, chunks, { signal });
    const bodyStart = (chunks[0]?.length ?? 0) + (chunks[1]?.length ?? 0);
    this.#add(path, { header, bodyStart });
  }

  /** Everything that is there, for putting many packs into one. */
  get addresses(): Iterable<Address> {
    return this.#places.keys();
  }

  /**
   * Remove packs whose items are all in others. Nothing is removed as long as one of these has not
   * reached each layer of the store: there the items would be gone.
   */
  async removeAll(paths: Iterable<string>): Promise<void> {
    const removed = [...paths];
    const { layers } = this.#store;
    for (const path of this.#known)
      if (!removed.includes(path) && (await layers?.isEverywhere(path as StorePath)) === false) return;
    for (const path of removed) await this.#store.remove(path as StorePath);
    this.#forget(removed);
  }

  get paths(): readonly string[] {
    return [...this.#known];
  }

  async #readHeader(
    path: StorePath,
    sizeBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<ReadHeader | undefined> {
    let wantedBytes = FIRST_READ_BYTES;
    let isHealed = false;
    for (;;) {
      const end = Math.min(wantedBytes, sizeBytes);
      const bytes = await this.#store.read(path, { signal, range: { start: 0, end } });
      if (bytes === undefined) return undefined;
      const read = bytes.length < end ? "was cut short" : decodeHeader(bytes, sizeBytes);
      if (typeof read === "object") return read;
      if (typeof read === "string") {
        if (!isHealed && (await this.#healPack(path, signal))) {
          isHealed = true;
          continue;
        }
        await this.#setAside(path);
        return undefined;
      }
      wantedBytes = read;
    }
  }

  /** Take damaged packs from another layer of the store, each once; the places whose packs are not to be had from there. */
  async #heal(
    damaged: readonly PackPlace[],
    healed: Set<string>,
    signal: AbortSignal | undefined,
  ): Promise<readonly PackPlace[]> {
    const isHelped = new Map<string, boolean>();
    for (const { path } of damaged) {
      if (isHelped.has(path)) continue;
      isHelped.set(path, !healed.has(path) && (await this.#healPack(path, signal)));
      healed.add(path);
    }
    return damaged.filter(({ path }) => isHelped.get(path) !== true);
  }

  async #healPack(path: StorePath, signal: AbortSignal | undefined): Promise<boolean> {
    const healing = await this.#store.layers?.healObject(path, isWholePack, { signal });
    return healing?.isHealed === true;
  }

  /** A pack that does not say what it holds holds nothing: it is kept for whoever wants to look at it. */
  async #setAside(path: StorePath): Promise<void> {
    try {
      await this.#store.move(path, `${this.#quarantine}/${path.slice(path.lastIndexOf("/") + 1)}` as StorePath);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #add(path: StorePath, { header, bodyStart }: ReadHeader): void {
    this.#known.add(path);
    for (const item of header.items) {
      const place: PackPlace = { path, bodyStart, item, format: header.format };
      const others = this.#places.get(item.address);
      if (others === undefined) this.#places.set(item.address, [place]);
      else others.unshift(place);
    }
  }

  #forget(paths: readonly string[]): void {
    if (paths.length === 0) return;
    const gone = new Set(paths);
    for (const path of paths) this.#known.delete(path);
    for (const [address, places] of this.#places) {
      const left = places.filter((place) => !gone.has(place.path));
      if (left.length === 0) this.#places.delete(address);
      else if (left.length < places.length) this.#places.set(address, left);
    }
  }

  #drop(place: PackPlace): void {
    const { address } = place.item;
    const left = (this.#places.get(address) ?? []).filter((other) => other !== place);
    if (left.length === 0) this.#places.delete(address);
    else this.#places.set(address, left);
  }
}

interface Range {
  readonly path: StorePath;
  readonly start: number;
  end: number;
  readonly places: PackPlace[];
}

/** Items that lie near each other are read at once. */
function rangesOf(places: readonly PackPlace[]): Range[] {
  const sorted = [...places].sort((one, other) =>
    one.path === other.path ? one.item.offset - other.item.offset : one.path < other.path ? -1 : 1,
  );
  const ranges: Range[] = [];
  for (const place of sorted) {
    const start = place.bodyStart + place.item.offset;
    const end = start + place.item.length;
    const last = ranges.at(-1);
    if (last?.path === place.path && start - last.end <= GAP_BYTES && end - last.start <= MAX_READ_BYTES) {
      last.end = Math.max(last.end, end);
      last.places.push(place);
    } else ranges.push({ path: place.path, start, end, places: [place] });
  }
  return ranges;
}

async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_READS, items.length) }, lane));
  return results;
}
