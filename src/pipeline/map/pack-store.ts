import type { Address } from "../../address/address.ts";
import { artifactFolder } from "../../artifact/layout/record-path.ts";
import { withFreeLease } from "../../artifact/lease/with-free-lease.ts";
import { NewerPackError } from "../../errors/record-errors.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { certainStore } from "../../store/certain-store.ts";
import { internalPath, QUARANTINE_FOLDER } from "../../store/internal-folder.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { randomHex } from "../../util/random-hex.ts";
import { encodePack, isWholePack, type PackHeader, type PackIndex, type PackItem } from "./pack.ts";
import { type ReadPack, readPack } from "./read-pack.ts";

/** One item's payload in a pack: the file of the pack, and where in it the payload lies. */
interface PackPlace {
  readonly path: StorePath;
  readonly bodyStart: number;
  readonly item: PackItem;
  readonly format: string;
  /** When the item was generated; 0 if that is not known. */
  readonly madeMs: number;
}

/** A pack whose header was read. */
export interface KnownPack {
  readonly sizeBytes: number;
  /** Whether both copies of its header are damaged. */
  readonly hasDamagedHeader: boolean;
  readonly itemCount: number;
  /** Payloads that two reads have found damaged. */
  readonly damaged: PackPlace[];
}

/** Takes the bytes of an item. It returns false if its format cannot decode them. */
export type ItemListener = (
  address: Address,
  bytes: Uint8Array,
  format: string,
  madeMs: number,
) => boolean | Promise<boolean>;

/** Whether an item that was generated at this time is fresh enough. */
export type IsFresh = (madeMs: number) => boolean;

const always: IsFresh = () => true;

/** Payloads with at most this many bytes between them are read with one call. */
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
  readonly #known = new Map<StorePath, KnownPack>();
  /**
   * All places of each item, the newest first. An older one is read if the newer one is damaged.
   */
  readonly #places = new Map<Address, PackPlace[]>();

  constructor(store: Store, name: string, map: Address) {
    this.#store = store;
    this.#name = name;
    this.#map = map;
    this.#folder = `${artifactFolder(name)}/packs/${map}`;
    this.#quarantine = `${QUARANTINE_FOLDER}/${artifactFolder(name)}`;
  }

  /**
   * Returns the same packs for a caller that removes some of them: a read that fails because a
   * layer does not answer must not count as damage.
   */
  certain(): PackStore {
    return new PackStore(certainStore(this.#store), this.#name, this.#map);
  }

  /** A copy of what is known now: all packs whose headers were read, by path. */
  get known(): ReadonlyMap<StorePath, KnownPack> {
    return new Map(this.#known);
  }

  /** Whether any damage was found in one of the packs. */
  get isDamaged(): boolean {
    return [...this.#known.values()].some(isDamaged);
  }

  /**
   * Reads the headers of packs that other processes have written since, and forgets removed packs.
   *
   * @throws {@link NewerPackError} if a newer release wrote a pack; a StoreError
   */
  async refresh(signal: AbortSignal | undefined): Promise<void> {
    const fresh: { path: StorePath; sizeBytes: number }[] = [];
    const there = new Set<string>();
    for await (const { path, sizeBytes } of this.#store.list(`${this.#folder}/`, { signal })) {
      if (!path.endsWith(".pack")) continue;
      there.add(path);
      if (!this.#known.has(path)) fresh.push({ path, sizeBytes });
    }
    this.#forget([...this.#known.keys()].filter((path) => !there.has(path)));
    fresh.sort((one, other) => (one.path < other.path ? -1 : 1));
    const open = ({ path, sizeBytes }: (typeof fresh)[number]): ReturnType<typeof readPack> =>
      readPack(this.#store, path, sizeBytes, signal);
    const packs = await mapConcurrently(fresh, open, { concurrency: CONCURRENT_READS });
    fresh.forEach(({ path, sizeBytes }, i) => {
      const read = packs[i];
      if (read === undefined) return;
      if ("newer" in read) throw new NewerPackError(path, read.newer);
      this.#add(path, sizeBytes, read);
    });
  }

  has(address: Address, isFresh: IsFresh = always): boolean {
    return this.#places.get(address)?.some(({ madeMs }) => isFresh(madeMs)) === true;
  }

  /**
   * Reads the bytes of items, in any order. An item that is damaged in every pack is left out, and
   * `has` returns false for it from then on.
   *
   * @throws a StoreError if the store cannot be read
   */
  async read(
    addresses: Iterable<Address>,
    signal: AbortSignal | undefined,
    onItem: ItemListener,
    isFresh: IsFresh = always,
  ): Promise<void> {
    let wanted = [...addresses];
    const healed = new Set<StorePath>();
    while (wanted.length > 0) {
      const places = wanted.flatMap(
        (address) => this.#places.get(address)?.find(({ madeMs }) => isFresh(madeMs)) ?? [],
      );
      const damaged: PackPlace[] = [];
      const gone = new Map<StorePath, Address[]>();
      const readRange = async (range: Range): Promise<void> => {
        const bytes = await this.#store.read(range.path, { signal, range: { start: range.start, end: range.end } });
        if (bytes === undefined) {
          const addresses = range.places.map(({ item }) => item.address);
          gone.set(range.path, [...(gone.get(range.path) ?? []), ...addresses]);
          return;
        }
        for (const place of range.places) {
          const own = soundPart(bytes, place, range.start) ?? (await this.#readAgain(place, signal));
          if (own === undefined || !(await onItem(place.item.address, own, place.format, place.madeMs)))
            damaged.push(place);
        }
      };
      await mapConcurrently(rangesOf(places), readRange, { concurrency: CONCURRENT_READS });
      // Another process has compacted these packs, and the pack that replaces them exists by now.
      if (gone.size > 0) {
        this.#forget(gone.keys());
        await this.refresh(signal);
      }
      for (const place of await this.#unhealed(damaged, healed, signal)) this.#drop(place);
      wanted = [...[...gone.values()].flat(), ...damaged.map(({ item }) => item.address)];
    }
  }

  /** Writes a pack, which appears whole. Its name sorts by time. */
  async write(
    header: PackHeader,
    payloads: readonly (readonly Uint8Array[])[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const random = randomHex(6);
    const file = `${Date.now().toString(16).padStart(12, "0")}-${random}.pack`;
    const path = storePath(...this.#folder.split("/"), file);
    const chunks = encodePack(header, payloads);
    await this.#store.createIfAbsent(path, chunks, { signal });
    const bodyStart = (chunks[0]?.length ?? 0) + (chunks[1]?.length ?? 0);
    const sizeBytes = chunks.reduce((sum, { length }) => sum + length, 0);
    const { madeMs, createdAt } = header;
    const madeAt = (position: number): number => madeMs?.[position] ?? Date.parse(createdAt);
    this.#add(path, sizeBytes, { index: { ...header, madeMs: madeAt }, bodyStarts: [bodyStart] });
  }

  /** The addresses of all items in the packs. */
  get addresses(): Iterable<Address> {
    return this.#places.keys();
  }

  /**
   * Removes packs whose items are all in other packs, and sets aside those with damage. It removes
   * nothing as long as one of the other packs is missing in a layer of the store, since that layer
   * would lose the items.
   */
  async retire(packs: ReadonlyMap<StorePath, KnownPack>): Promise<void> {
    const { layers } = this.#store;
    for (const path of this.#known.keys()) if (!packs.has(path) && (await layers?.isEverywhere(path)) === false) return;
    for (const [path, pack] of packs) {
      if (isDamaged(pack)) {
        await this.#setAside(path, pack);
        continue;
      }
      await this.#store.remove(path);
      this.#forget([path]);
    }
  }

  /**
   * Sets aside the packs in which no item can be found, so that they are not read again by each
   * process.
   */
  async setUselessAside(): Promise<void> {
    for (const [path, pack] of this.#known)
      if (pack.hasDamagedHeader && pack.itemCount === 0) await this.#setAside(path, pack);
  }

  /**
   * Moves a damaged pack into the quarantine, where people can look at it. This happens only under
   * the lease of the map, and only if the damage is still there when the pack is read again.
   */
  async #setAside(path: StorePath, pack: KnownPack): Promise<void> {
    const aside = internalPath(this.#quarantine, path.slice(path.lastIndexOf("/") + 1));
    try {
      await withFreeLease(this.#store, this.#map, async () => {
        if (!(await this.#isStillDamaged(path, pack))) return;
        await this.#store.move(path, aside);
        this.#forget([path]);
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  async #isStillDamaged(path: StorePath, pack: KnownPack): Promise<boolean> {
    if (pack.hasDamagedHeader) {
      const read = await readPack(this.#store, path, pack.sizeBytes, undefined);
      return read !== undefined && "index" in read && read.problem !== undefined;
    }
    for (const place of pack.damaged) if ((await this.#readAgain(place, undefined)) === undefined) return true;
    return false;
  }

  /**
   * Replaces packs with damage by the copies of another layer of the store, each pack once.
   *
   * @returns the places in packs that could not be replaced
   */
  async #unhealed(
    damaged: readonly PackPlace[],
    healed: Set<StorePath>,
    signal: AbortSignal | undefined,
  ): Promise<readonly PackPlace[]> {
    const { layers } = this.#store;
    if (layers === undefined) return damaged;
    const isHelped = new Map<StorePath, boolean>();
    for (const { path } of damaged) {
      if (isHelped.has(path)) continue;
      const isNew = !healed.has(path);
      isHelped.set(path, isNew && (await layers.healObject(path, isWholePack, { signal })).isHealed);
      healed.add(path);
    }
    return damaged.filter(({ path }) => isHelped.get(path) !== true);
  }

  /** Reads a payload a second time: in the first read, a bit may have changed on its way. */
  async #readAgain(place: PackPlace, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const { path, bodyStart, item } = place;
    const start = bodyStart + item.offset;
    const bytes = await this.#store.read(path, { signal, range: { start, end: start + item.length } });
    return soundPart(bytes ?? new Uint8Array(0), place, start);
  }

  #add(path: StorePath, sizeBytes: number, { index, bodyStarts, problem }: ReadPack): void {
    const { items } = index;
    this.#known.set(path, { sizeBytes, hasDamagedHeader: problem !== undefined, itemCount: items.length, damaged: [] });
    for (const bodyStart of bodyStarts) this.#addPlaces(path, bodyStart, index);
  }

  #addPlaces(path: StorePath, bodyStart: number, { format, items, madeMs }: PackIndex): void {
    for (const [position, item] of items.entries()) {
      const place: PackPlace = { path, bodyStart, item, format, madeMs: madeMs(position) };
      const others = this.#places.get(item.address);
      if (others === undefined) this.#places.set(item.address, [place]);
      else others.unshift(place);
    }
  }

  #forget(paths: Iterable<StorePath>): void {
    const gone = new Set(paths);
    if (gone.size === 0) return;
    for (const path of gone) this.#known.delete(path);
    for (const [address, places] of this.#places) {
      const left = places.filter((place) => !gone.has(place.path));
      if (left.length === 0) this.#places.delete(address);
      else if (left.length < places.length) this.#places.set(address, left);
    }
  }

  #drop(place: PackPlace): void {
    const { address } = place.item;
    this.#known.get(place.path)?.damaged.push(place);
    const left = (this.#places.get(address) ?? []).filter((other) => other !== place);
    if (left.length === 0) this.#places.delete(address);
    else this.#places.set(address, left);
  }
}

function isDamaged({ hasDamagedHeader, damaged }: KnownPack): boolean {
  return hasDamagedHeader || damaged.length > 0;
}

/**
 * The payload of an item, from bytes of the file that begin at `start`; `undefined` if its digest
 * is not the one that the header names.
 */
function soundPart(bytes: Uint8Array, { bodyStart, item }: PackPlace, start: number): Uint8Array | undefined {
  const at = bodyStart + item.offset - start;
  const own = bytes.subarray(at, at + item.length);
  return own.length === item.length && sha256Hex(own) === item.sha256 ? own : undefined;
}

interface Range {
  readonly path: StorePath;
  readonly start: number;
  end: number;
  readonly places: PackPlace[];
}

/** The ranges to read for these places. Items that lie near each other share a range. */
function rangesOf(places: readonly PackPlace[]): Range[] {
  const sorted = [...places].sort((one, other) =>
    one.path === other.path ? startOf(one) - startOf(other) : one.path < other.path ? -1 : 1,
  );
  const ranges: Range[] = [];
  for (const place of sorted) {
    const start = startOf(place);
    const end = start + place.item.length;
    const last = ranges.at(-1);
    if (last?.path === place.path && start - last.end <= GAP_BYTES && end - last.start <= MAX_READ_BYTES) {
      last.end = Math.max(last.end, end);
      last.places.push(place);
    } else ranges.push({ path: place.path, start, end, places: [place] });
  }
  return ranges;
}

function startOf({ bodyStart, item }: PackPlace): number {
  return bodyStart + item.offset;
}
