import type { Address } from "../../address/address.ts";
import { type Addresser, createAddresser } from "../../address/create-addresser.ts";
import { tryDecode } from "../../artifact/read/try-decode.ts";
import { DecodeError } from "../../errors/format-errors.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { GeneratorScope, runInScope } from "../../persistable/context/generator-scope.ts";
import { SpentCost } from "../../persistable/context/spent-cost.ts";
import { carryOutEnlisted, type Work, waitForEnlisted } from "../../persistable/context/wait-graph.ts";
import { noteAsked } from "../../persistable/declare/asking-generator.ts";
import { paramsOf, paramsTreeOf } from "../../persistable/declare/params-of.ts";
import { snapshotParams } from "../../persistable/declare/snapshot-params.ts";
import { type State, stateKey } from "../../persistable/declare/state.ts";
import type { Flatten, OwnParams, ParamsSchema } from "../../persistable/definition.ts";
import { emitRedacted } from "../../persistable/log/emit-now.ts";
import { warnOfUndeclared } from "../../persistable/produce/warn-of-undeclared.ts";
import { warnOfUndefined } from "../../persistable/produce/warn-of-undefined.ts";
import { redactionOf } from "../../persistable/secrets/redaction.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { orAborted } from "../../util/concurrency/on-abort.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { itemAt } from "../item-at.ts";
import { batchFailure, type FailedBatch } from "./batch-failure.ts";
import { limitBatch } from "./batch-limits.ts";
import { type Compacted, compactPacks, type EncodedItem, inParts, type WriteItems } from "./compact-packs.ts";
import { type Freshness, freshnessOf } from "./fresh-items.ts";
import { inFlight, registerBatch, takenFrom } from "./items-in-flight.ts";
import { type Entry, firstOfEach, KeptBatches, MadeBatch, type MadeHow } from "./made-batch.ts";
import type { LoadItemsOptions, PersistableMapDefinition } from "./map-definition.ts";
import { layOutItems } from "./pack.ts";
import { packHeaderOf } from "./pack-header.ts";
import { type IsFresh, type ItemListener, PackStore } from "./pack-store.ts";
import { produceBatch } from "./produce-batch.ts";

const DEFAULT_BATCH_SIZE = 100;

interface Wanted<Item> {
  readonly address: Address;
  readonly item: Item;
}

/**
 * The payloads of many items under the same params.
 *
 * @example
 * ```ts
 * import { chunks, embeddings } from "./pipeline.ts";
 *
 * await embeddings({ model: "small" }).load(chunks); // generates only what is missing
 * ```
 */
export class PersistableMap<Item, Payload> {
  readonly #state: State;
  readonly #definition: PersistableMapDefinition<Item, Payload, ParamsSchema>;
  readonly #addressOf: Addresser;
  /**
   * Packs and kept batches are opened on first use: a map in a role does not know its store when it
   * is built.
   */
  #openedPacks: PackStore | undefined;
  #keptBatches: KeptBatches<Item, Payload> | undefined;
  /** @internal */
  readonly [stateKey]: State;

  /** @internal */
  constructor(state: State, definition: PersistableMapDefinition<Item, Payload, ParamsSchema>) {
    this.#state = state;
    this[stateKey] = state;
    this.#definition = definition;
    const { name, version, classes } = state.recipe;
    this.#addressOf = createAddresser({ name, version, draw: 0, roles: ["map"] }, { classes });
  }

  get #packs(): PackStore {
    const { surroundings, recipe } = this.#state;
    this.#openedPacks ??= new PackStore(surroundings.store, recipe.name, recipe.address);
    return this.#openedPacks;
  }

  /** Batches that were generated and are not written yet. */
  get #kept(): KeptBatches<Item, Payload> {
    this.#keptBatches ??= new KeptBatches(this.#key(this.address));
    return this.#keptBatches;
  }

  /** The name of the payloads, and of their folder. */
  get name(): string {
    return this.#state.recipe.name;
  }

  /** The params that all items share, defaults filled in. */
  get params(): Readonly<Record<string, unknown>> {
    return fieldsOf(paramsOf(this.#state));
  }

  /** The same as {@link params}, since a map has no dependencies. */
  get paramsTree(): Readonly<Record<string, unknown>> {
    return paramsTreeOf(this.#state);
  }

  /** None. */
  get dependencies(): Record<never, never> {
    return {};
  }

  /** The hash of what all items share: name, version, params. */
  get address(): Address {
    return this.#state.recipe.address;
  }

  /**
   * The address of one item, from the part of it that `item` of the definition returns and from
   * what all items share.
   *
   * @throws {@link UnsupportedValueError} if that part of the item cannot be in a recipe
   */
  addressOf(item: Item): Address {
    const part = { item: this.#definition.item(item) };
    const { ignoreUndefined, classes = [] } = this.#definition;
    return this.#addressOf(ignoreUndefined ? snapshotParams(part, classes, true).params : part, [this.address]);
  }

  /**
   * Returns the items without a payload that is fresh enough, each once, in their order. It reads
   * payloads only where `maxAge` is a function.
   */
  async missing(items: Iterable<Item>, options: Pick<LoadItemsOptions, "signal" | "maxAge"> = {}): Promise<Item[]> {
    const fresh = freshnessOf(options.maxAge ?? this.#definition.maxAge);
    await this.#packs.refresh(options.signal);
    const unique = [...this.#unique(items)];
    const there = unique.map(({ address }) => address).filter((address) => this.#packs.has(address, fresh.isFresh));
    const judged = new Map<Address, Payload>();
    if (fresh.isFreshPayload !== undefined) await this.#read(there, judged, options.signal, fresh);
    const isThere = fresh.isFreshPayload === undefined ? new Set(there) : judged;
    return unique.filter(({ address }) => !isThere.has(address)).map(({ item }) => item);
  }

  /**
   * Returns the payloads of items, in the order of the items; items that are the same share one
   * payload. Persisted payloads are loaded and verified, and the others are generated in batches.
   *
   * Each batch is persisted when it is generated, so it is not lost when a later batch fails or the
   * process is killed. A batch that was generated and could not be written is kept in memory, and
   * the next call for its items only writes it.
   *
   * @throws {@link BatchFailedError} if a batch failed, once the batches beside it have ended; the
   * signal's reason; a StoreError if the store cannot be read
   */
  async load(items: Iterable<Item>, options: LoadItemsOptions = {}): Promise<Payload[]> {
    const all = [...items];
    const addresses = all.map((item) => this.addressOf(item));
    const payloads = new Map<Address, Payload>();
    await this.#collect(firstOfEach(addresses, all), payloads, options);
    return addresses.map((address) => payloads.get(address) as Payload);
  }

  /**
   * Yields the payloads of items one after another. It has the payloads of only as many batches in
   * memory as are generated at the same time.
   *
   * @throws what {@link load} throws
   */
  async *stream(
    items: Iterable<Item> | AsyncIterable<Item>,
    options: LoadItemsOptions = {},
  ): AsyncGenerator<Payload, void, undefined> {
    const { batchSize = DEFAULT_BATCH_SIZE } = this.#definition;
    const window = Math.max(1, batchSize * Math.max(1, options.concurrency ?? 1));
    let held: Item[] = [];
    for await (const item of items) {
      held.push(item);
      if (held.length < window) continue;
      yield* await this.load(held, options);
      held = [];
    }
    yield* await this.load(held, options);
  }

  /** Drops payloads that were generated and could not be persisted. Persisted payloads stay. */
  resetPayloads(): void {
    this.#kept.clear();
  }

  /**
   * Writes the items of many small packs into few large ones, and removes the small ones. Other
   * callers and processes may load items meanwhile.
   *
   * @returns the number of packs before and after
   * @throws a StoreError; the signal's reason
   */
  async compact({ signal }: Pick<LoadItemsOptions, "signal"> = {}): Promise<Compacted> {
    const write: WriteItems = (encoded, format) => this.#write(encoded, format, {}, signal);
    return compactPacks(this.#packs, write, signal);
  }

  *#unique(items: Iterable<Item>): Generator<Wanted<Item>> {
    const seen = new Set<Address>();
    for (const item of items) {
      const address = this.addressOf(item);
      if (!seen.has(address)) yield { address, item };
      seen.add(address);
    }
  }

  async #collect(
    wanted: ReadonlyMap<Address, Item>,
    payloads: Map<Address, Payload>,
    options: LoadItemsOptions,
  ): Promise<void> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    noteAsked(this.#state);
    const fresh = freshnessOf(options.refresh === true ? 0 : (options.maxAge ?? this.#definition.maxAge));
    await this.#packs.refresh(signal);
    if (fresh.isFreshPayload === undefined) this.#kept.prune((address) => this.#packs.has(address, fresh.isFresh));
    await this.#read(wanted.keys(), payloads, signal, fresh);
    const hits = payloads.size;
    const tell = (): void => {
      const progress = { done: payloads.size, total: wanted.size, hits };
      onProgress?.(progress);
      if (this.#state.surroundings.hasListener)
        emitRedacted(this.#state, { type: "progress", done: progress.done, total: progress.total });
    };
    if (payloads.size < wanted.size) await this.#packs.setUselessAside();
    while (payloads.size < wanted.size) {
      const left = [...wanted].filter(([address]) => !payloads.has(address));
      const mine = left.filter(([address]) => !inFlight.has(this.#key(address)));
      if (mine.length > 0) await this.#generateAll(mine, payloads, options, tell, fresh.isFresh);
      const others = left.filter(([address]) => !payloads.has(address));
      const flights = others.map(([address]) => inFlight.get(this.#key(address)));
      await Promise.all(flights.map((flight) => flight && waitForEnlisted(flight.work, () => flight.done)));
      signal?.throwIfAborted();
      // Other callers in this process may have written packs that this object does not know yet.
      if (others.length > 0) await this.#packs.refresh(signal);
      await this.#read(new Map(others).keys(), payloads, signal, fresh);
    }
    tell();
  }

  async #read(
    addresses: Iterable<Address>,
    payloads: Map<Address, Payload>,
    signal: AbortSignal | undefined,
    { isFresh, isFreshPayload }: Freshness,
  ): Promise<void> {
    const { formats, limits } = this.#state;
    const known = [...addresses].filter((address) => this.#packs.has(address, isFresh));
    const take: ItemListener = async (address, bytes, id, madeMs) => {
      const format = formats.find((one) => one.id === id);
      // The item is in a format that is not declared any more, and is generated again.
      if (format === undefined) return true;
      const decoded = await tryDecode(id, () => format.decode(Uint8Array.from(bytes), limits));
      if (decoded instanceof DecodeError) return false;
      if (isFreshPayload?.(decoded.value, madeMs) !== false) payloads.set(address, decoded.value as Payload);
      return true;
    };
    await this.#packs.read(known, signal, take, isFresh);
  }

  async #generateAll(
    missing: readonly Entry<Item>[],
    payloads: Map<Address, Payload>,
    options: LoadItemsOptions,
    tell: () => void,
    isFresh: IsFresh | undefined,
  ): Promise<void> {
    const failed: FailedBatch[] = [];
    const running = new Set<Work>();
    // All batches are registered now, before another caller in this process gets a turn.
    const queue = this.#jobsFor(missing, isFresh).map(({ entries, made }) => {
      const batch = registerBatch(entries, ([address]) => this.#key(address), this.#state.recipe.name, running);
      return { ...batch, made };
    });
    const produce = async ({ items, work, release, made }: (typeof queue)[number]): Promise<void> => {
      running.add(work);
      work.queuedBehind = undefined;
      try {
        await waitForEnlisted(work, () =>
          carryOutEnlisted(work, () => this.#produceBatch(items, made, payloads, failed, options)),
        );
        tell();
      } catch (error) {
        failed.push({ items: items.length, error, isKept: false });
      } finally {
        running.delete(work);
        release();
      }
    };
    const isOver = (): boolean => failed.length > 0 || options.signal?.aborted === true;
    await mapConcurrently(takenFrom(queue, isOver), produce, { concurrency: options.concurrency ?? 1 });
    for (const { release } of queue) release();
    options.signal?.throwIfAborted();
    const failure = batchFailure(this.#state, failed, payloads.size);
    if (failure !== undefined) throw failure;
  }

  /**
   * First the batches that were generated before and could not be written, then those to generate.
   */
  #jobsFor(
    missing: readonly Entry<Item>[],
    isFresh: IsFresh | undefined,
  ): { readonly entries: readonly Entry<Item>[]; readonly made: MadeBatch<Item, Payload> | undefined }[] {
    const { batchSize = DEFAULT_BATCH_SIZE } = this.#definition;
    const left = new Map(missing);
    const kept = this.#kept.of(new Set(left.keys()), isFresh).map((made) => {
      const entries = made.entries.filter(([address]) => left.has(address));
      for (const [address] of entries) left.delete(address);
      return { entries, made };
    });
    const rest = [...inParts([...left], batchSize)].map((entries) => ({ entries, made: undefined }));
    return [...kept.filter(({ entries }) => entries.length > 0), ...rest];
  }

  /** Generates a batch and writes it. Once it is generated, only writing it is tried again. */
  async #produceBatch(
    entries: readonly Entry<Item>[],
    earlier: MadeBatch<Item, Payload> | undefined,
    payloads: Map<Address, Payload>,
    failed: FailedBatch[],
    { signal, untracked }: LoadItemsOptions,
  ): Promise<void> {
    const { retries, validate } = this.#definition;
    const { format } = this.#state;
    const make = (): Promise<MadeBatch<Item, Payload>> => this.#makeBatch(entries, { signal, untracked });
    const write = async (batch: MadeBatch<Item, Payload>): Promise<void> =>
      this.#write(await batch.encode(format, validate), format.id, batch.how, signal);
    const { made, failure } = await produceBatch(earlier, { make, write }, retries, signal);
    if (earlier !== undefined && earlier !== made) this.#kept.drop(earlier);
    const generated = made?.payloads;
    if (failure !== undefined) {
      const { error } = failure;
      failed.push({ items: entries.length, error, isKept: made?.isRefused === false, payloads: generated });
      if (made !== undefined) this.#kept.keep(made, error instanceof StoreError || signal?.aborted === true);
      return;
    }
    if (made === undefined) return;
    this.#kept.drop(made);
    const wanted = new Set(entries.map(([address]) => address));
    for (const [index, [address]] of made.entries.entries())
      if (generated !== undefined && wanted.has(address)) payloads.set(address, itemAt(generated, index));
    if (generated === undefined) await this.#read(wanted, payloads, signal, freshnessOf(undefined));
  }

  async #makeBatch(
    entries: readonly Entry<Item>[],
    { signal, untracked = {} }: LoadItemsOptions,
  ): Promise<MadeBatch<Item, Payload>> {
    const { timeoutMs, generateBatch, name, pools } = this.#definition;
    const items = entries.map(([, item]) => item);
    const spent = new SpentCost();
    const scope = new GeneratorScope(this.#state, (amounts) => spent.add(amounts));
    let startedMs = performance.now();
    const generated = await limitBatch(name, pools, signal, () => {
      startedMs = performance.now();
      const signals = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
      const attempt = AbortSignal.any(signals.filter((one) => one !== undefined));
      const generating = runInScope(scope, async () =>
        generateBatch({
          items,
          params: paramsOf(this.#state) as Flatten<Readonly<OwnParams<ParamsSchema>>>,
          signal: attempt,
          untracked,
          cost: (amounts) => spent.add(redactionOf(this.#state).amounts(amounts)),
        }),
      );
      return orAborted(generating, attempt);
    });
    if (!Array.isArray(generated) || generated.length !== items.length)
      throw new TypeError(
        `generateBatch of ${name} gave ${Array.isArray(generated) ? `${generated.length} payloads` : typeof generated} for ${items.length} items: give one for each, in order.`,
      );
    for (const payload of generated) warnOfUndefined(name, "generateBatch", payload);
    const cost = spent.total;
    const { undeclared } = scope;
    warnOfUndeclared(this.#state, undeclared);
    return new MadeBatch<Item, Payload>(entries, generated, {
      createdAt: new Date().toISOString(),
      durationMs: Math.round((performance.now() - startedMs) * 1000) / 1000,
      ...(cost === undefined ? {} : { cost }),
      ...(undeclared.length === 0 ? {} : { undeclared }),
    });
  }

  async #write(
    encoded: readonly EncodedItem[],
    format: string,
    how: MadeHow,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const times = encoded.map(({ madeMs }) => madeMs ?? 0);
    const made = encoded.some(({ madeMs }) => madeMs !== undefined) ? { ...how, madeMs: times } : how;
    const header = packHeaderOf(this.#state, layOutItems(encoded), format, made);
    const parts = encoded.map(({ chunks }) => chunks);
    await this.#packs.write(header, parts, signal);
  }

  #key(address: Address): string {
    return `${this.#state.surroundings.store.url} ${address}`;
  }
}
