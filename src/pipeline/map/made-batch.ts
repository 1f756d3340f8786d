import type { Address } from "../../address/address.ts";
import { encodePayload } from "../../format/encode-payload.ts";
import type { Format } from "../../format/format.ts";
import { itemAt } from "../item-at.ts";
import type { EncodedItem } from "./compact-packs.ts";

/** An item under its address. */
export type Entry<Item> = readonly [Address, Item];

/** What the header of a pack says of how its payloads were made. */
export interface MadeHow {
  readonly createdAt?: string;
  readonly durationMs?: number;
  readonly cost?: Readonly<Record<string, number>>;
}

/** Throws where a payload is not what it should be. */
export type ValidateItem<Item, Payload> = ((payload: Payload, item: Item) => void | Promise<void>) | undefined;

/** The payloads of a batch that was generated and is not in a pack yet. It knows what was done for it, so that only the rest is done again. */
export class MadeBatch<Item, Payload> {
  readonly entries: readonly Entry<Item>[];
  readonly how: MadeHow;
  /** The validator has refused one of them. */
  isRefused = false;
  #payloads: readonly Payload[] | undefined;
  #isValidated = false;
  #encoded: readonly EncodedItem[] | undefined;

  constructor(entries: readonly Entry<Item>[], payloads: readonly Payload[], how: MadeHow) {
    this.entries = entries;
    this.how = how;
    this.#payloads = payloads;
  }

  /** As they were generated; undefined once only their bytes are kept. */
  get payloads(): readonly Payload[] | undefined {
    return this.#payloads;
  }

  /**
   * Their bytes, validated.
   *
   * @throws what the validator throws; as `encodePayload`
   */
  async encode(format: Format, validate: ValidateItem<Item, Payload>): Promise<readonly EncodedItem[]> {
    await this.#validate(validate);
    this.#encoded ??= await this.#encodeAll(format);
    return this.#encoded;
  }

  /** Whoever generated them may use their memory again, and the caller sees them in the error: what is written later are the bytes of now. */
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
      // Copied: the next payload may lie in the same memory.
      const chunks = (await encodePayload(format, this.#payloads?.[index])).map((chunk) => Uint8Array.from(chunk));
      encoded.push({ address, chunks });
    }
    return encoded;
  }
}

/** Batches that could not be written, of one map in one store. */
export class KeptBatches<Item, Payload> {
  /** Refused by the store only: any object of the same map may write them. */
  readonly #shared: Set<MadeBatch<Item, Payload>>;
  /** Refused by a format or a validator, which another definition of the same name need not have. */
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

  /** Forget those that somebody else has persisted meanwhile. */
  prune(isThere: (address: Address) => boolean): void {
    for (const batches of [this.#shared, this.#own])
      for (const batch of batches) if (batch.entries.every(([address]) => isThere(address))) batches.delete(batch);
  }

  /** Those that have something of what is missing. */
  of(missing: ReadonlySet<Address>): MadeBatch<Item, Payload>[] {
    return [...this.#shared, ...this.#own].filter(({ entries }) => entries.some(([address]) => missing.has(address)));
  }
}

/** Held by the maps alone: a program that gives up must not fill its memory. */
const shared = new Map<string, WeakRef<Set<unknown>>>();

const forgotten = new FinalizationRegistry<string>((place) => {
  if (shared.get(place)?.deref() === undefined) shared.delete(place);
});

/** All maps of one name in one store have the same items and payloads. */
function sharedAt<Batch>(place: string): Set<Batch> {
  const known = shared.get(place)?.deref();
  if (known !== undefined) return known as Set<Batch>;
  const made = new Set<Batch>();
  shared.set(place, new WeakRef(made));
  forgotten.register(made, place);
  return made;
}
