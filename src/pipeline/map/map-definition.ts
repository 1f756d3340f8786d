import type { Format } from "../../format/format.ts";
import type { RetryOptions } from "../../persistable/declare/declaration.ts";
import type { Flatten, OwnParams, ParamsSchema } from "../../persistable/definition.ts";
import type { ClassCodec } from "../../util/class-codec.ts";

/** The argument of `generateBatch`. */
export interface BatchContext<Item, Params> {
  /** Items without a payload, each once; at most `batchSize`. */
  readonly items: readonly Item[];
  /** The params that all items share, as the schema returns them. */
  readonly params: Params;
  /** Aborted when the caller gives up, or when the attempt takes longer than `timeoutMs`. */
  readonly signal: AbortSignal;
  /**
   * The values that this one call of `load` or `stream` gave: they are in no recipe and no record.
   */
  readonly untracked: Readonly<Record<string, unknown>>;
  /** Adds to what this batch costs, by unit. The pack of the batch records the sum. */
  cost(spent: Readonly<Record<string, number>>): void;
}

/** The argument of `persistableMap`. */
export interface PersistableMapDefinition<Item, Payload, Schema extends ParamsSchema> {
  /** Names the payloads, their folder and their log, and is part of the key. */
  readonly name: string;
  /** The schema of the params that all items share, such as the model: a Standard Schema. */
  readonly params?: Schema;
  /** Returns the part of an item that defines its payload. Items with equal parts are the same. */
  readonly item: (item: Item) => unknown;
  /** Returns one payload for each item, in the order of the items. */
  readonly generateBatch: (
    context: BatchContext<Item, Flatten<Readonly<OwnParams<Schema>>>>,
  ) => readonly Payload[] | Promise<readonly Payload[]>;
  /** The greatest number of items in a batch. Default 100. */
  readonly batchSize?: number | undefined;
  /**
   * Throws if a generated payload is not as it should be: it is then not persisted. Write it after
   * `generateBatch`: if it comes first, TypeScript infers the payload as `unknown`.
   */
  readonly validate?: ((payload: NoInfer<Payload>, item: NoInfer<Item>) => void | Promise<void>) | undefined;
  /** How a payload becomes bytes. Default `structured()`. */
  readonly format?: Format<NoInfer<Payload>> | undefined;
  /**
   * The author changes it when the code computes something else: all items are then generated
   * again.
   */
  readonly version?: string | number | undefined;
  /**
   * How much of each pool a batch takes, by the name of the pool. It matters if generators of a run
   * load items: their batches together keep to the pools and rate limits of that run.
   */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  /** How often a failed step of a batch is tried again. Default 0. */
  readonly retries?: number | RetryOptions | undefined;
  /**
   * The longest that one attempt to generate a batch may take, in milliseconds; no end by default.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * The age, in milliseconds, from which an item has expired and is generated again. Without it,
   * items never expire. One that was made more than a minute in the future has expired, too.
   *
   * A function says the age of each item by its payload: `(quote) => quote.isFinal ? Infinity :
   * 60_000`. `missing` then has to load payloads.
   */
  readonly maxAge?: number | ((payload: NoInfer<Payload>, made: { readonly createdAt: string }) => number) | undefined;
  /** How class instances inside params and items are encoded. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** `true` if properties of params and items that are undefined count as left out at any depth. */
  readonly ignoreUndefined?: boolean | undefined;
}

/** How items are loaded. */
export interface LoadItemsOptions {
  /** Values for `generateBatch` alone: clients, callbacks, anything that does not count. */
  readonly untracked?: Readonly<Record<string, unknown>> | undefined;
  /** Ends the call: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
  /** The age from which an item has expired for this call, in milliseconds. */
  readonly maxAge?: number | undefined;
  /** Generates all items again, once for all callers that ask for that at the same time. */
  readonly refresh?: boolean | undefined;
  /** How many batches are generated at the same time. Default 1. */
  readonly concurrency?: number | undefined;
  /** Called after each batch, and once more when all items are there. */
  readonly onProgress?: ((progress: ItemsProgress) => void) | undefined;
}

/** How far loading is. Items that are the same count once. */
export interface ItemsProgress {
  readonly done: number;
  readonly total: number;
  /** The number of items that were loaded, not generated. */
  readonly hits: number;
}
