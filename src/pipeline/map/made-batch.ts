import type { Address } from "../../address/address.ts";
import { encodePayload } from "../../format/encode-payload.ts";
import type { Format } from "../../format/format.ts";
import type { UndeclaredLoad } from "../../record/record.ts";
import { itemAt } from "../item-at.ts";
import type { EncodedItem } from "./compact-packs.ts";
import type { IsFresh } from "./pack-store.ts";

/** An item under its address. */
export type Entry<Item> = readonly [Address, Item];

/** The first item of each address. */
export function firstOfEach<Item>(addresses: readonly Address[], items: readonly Item[]): Map<Address, Item> {
  const first = new Map<Address, Item>();
  for (const [index, address] of addresses.entries()) if (!first.has(address)) first.set(address, itemAt(items, index));
  return first;
}

/** The part of a pack's header that says how its payloads were made. */
export interface MadeHow {
  readonly createdAt?: string;
  readonly durationMs?: number;
  readonly cost?: Readonly<Record<string, number>>;
  /**
   * The payloads that `generateBatch` has loaded: a map has no dependencies, so nothing of them is
   * in addresses.
   */
  readonly undeclared?: readonly UndeclaredLoad[];
  /** See the header of a pack. */
  readonly madeMs?: readonly number[];
}

/** Throws if a payload is not as it should be. */
export type ValidateItem<Item, Payload> = ((payload: Payload, item: Item) => void | Promise<void>) | undefined;

/**
 * The payloads of a batch that was generated and is not in a pack yet. It remembers which steps
 * have succeeded, so that the next attempt only does the rest.
 */
export class MadeBatch<Item, Payload> {
  readonly entries: readonly Entry<Item>[];
  readonly how: MadeHow;
  /** Whether the validator has refused one of the payloads. */
  isRefused = false;
  #payloads: readonly Payload[] | undefined;
  #isValidated = false;
  #encoded: readonly EncodedItem[] | undefined;

  constructor(entries: readonly Entry<Item>[], payloads: readonly Payload[], how: MadeHow) {
    this.entries = entries;
    this.how = how;
    this.#payloads = payloads;
  }

  /** The payloads as they were generated; undefined once only their bytes are kept. */
  get payloads(): readonly Payload[] | undefined {
    return this.#payloads;
  }

  /**
   * Validates the payloads and returns their bytes.
   *
   * @throws what the validator throws; what `encodePayload` throws
   */
  async encode(format: Format, validate: ValidateItem<Item, Payload>): Promise<readonly EncodedItem[]> {
    await this.#validate(validate);
    this.#encoded ??= await this.#encodeAll(format);
    return this.#encoded;
  }

  /**
   * Keeps only the bytes of the payloads, if there are any yet. A later attempt must write these
   * bytes: the generator may reuse the memory of the payloads, and the caller, who gets them with
   * the error, may change them.
   */
  letGo(): void {
    if (this.#encoded !== undefined) this.#payloads = undefined;
  }

  async #validate(validate: ValidateItem<Item, Payload>): Promise<void> {
    if (this.#isValidated) return;
    this.isRefused = true;
    for (const [index, [, item]] of this.entries.entries()) await validate?.(itemAt(this.#payloads ?? [], index), item);
    this.isRefused = false;
    this.#isValidated = true;
  }

  async #encodeAll(format: Format): Promise<EncodedItem[]> {
    const encoded: EncodedItem[] = [];
    for (const [index, [address]] of this.entries.entries()) {
      // The bytes are copied, since the next payload may be encoded into the same memory.
      const chunks = (await encodePayload(format, this.#payloads?.[index])).map((chunk) => Uint8Array.from(chunk));
      encoded.push({ address, chunks });
    }
    return encoded;
  }
}

/** The batches of one map in one store that were generated and could not be written. */
export class KeptBatches<Item, Payload> {
  /** Batches that only the store refused: any object of the same map may write them. */
  readonly #shared: Set<MadeBatch<Item, Payload>>;
  /**
   * Batches that a format or a validator refused. Another definition of the same name may have
   * another format or validator, so they stay with this object.
   */
  readonly #own = new Set<MadeBatch<Item, Payload>>();

  constructor(place: string) {
    this.#shared = sharedAt(place);
  }

  keep(batch: MadeBatch<Item, Payload>, isOfStore: boolean): void {
    batch.letGo();
    this.drop(batch);
    (isOfStore ? this.#shared : this.#own).add(batch);
  }

  drop(batch: MadeBatch<Item, Payload>): void {
    this.#shared.delete(batch);
    this.#own.delete(batch);
  }

  clear(): void {
    this.#shared.clear();
    this.#own.clear();
  }

  /** Drops the batches whose items other callers have persisted meanwhile. */
  prune(isThere: (address: Address) => boolean): void {
    for (const batches of [this.#shared, this.#own])
      for (const batch of batches) if (batch.entries.every(([address]) => isThere(address))) batches.delete(batch);
  }

  /** The batches that have at least one of the missing items, and have not expired. */
  of(missing: ReadonlySet<Address>, isFresh: IsFresh | undefined): MadeBatch<Item, Payload>[] {
    return [...this.#shared, ...this.#own].filter(
      ({ entries, how }) =>
        entries.some(([address]) => missing.has(address)) && isFresh?.(Date.parse(how.createdAt ?? "")) !== false,
    );
  }
}

/**
 * The kept batches by map and store. Only the objects of a map hold them strongly: when the program
 * drops these objects, the batches leave its memory too.
 */
const shared = new Map<string, WeakRef<Set<unknown>>>();

const forgotten = new FinalizationRegistry<string>((place) => {
  if (shared.get(place)?.deref() === undefined) shared.delete(place);
});

/** The batches that all objects of the same map in the same store share. */
function sharedAt<Batch>(place: string): Set<Batch> {
  const known = shared.get(place)?.deref();
  if (known !== undefined) return known as Set<Batch>;
  const made = new Set<Batch>();
  shared.set(place, new WeakRef(made));
  forgotten.register(made, place);
  return made;
}
