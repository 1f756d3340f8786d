import type { Format } from "../../format/format.ts";
import type { RetryOptions } from "../../persistable/declare/declaration.ts";
import type { Flatten, OwnParams, ParamsSchema } from "../../persistable/definition.ts";
import type { ClassCodec } from "../../util/class-codec.ts";

/** What `generateBatch` is handed. */
export interface BatchContext<Item, Params> {
  /** Items that have no payload yet, each once; at most `batchSize`. */
  readonly items: readonly Item[];
  readonly params: Params;
  /** Aborted when the caller gives up, or the attempt takes too long. */
  readonly signal: AbortSignal;
  /** Add to what this batch costs, by unit; recorded in its pack. */
  cost(spent: Readonly<Record<string, number>>): void;
}

/** What `persistableMap` is told. */
export interface PersistableMapDefinition<Item, Payload, Schema extends ParamsSchema> {
  readonly name: string;
  /** What all items share, such as the model. A Standard Schema. */
  readonly params?: Schema;
  /** What of an item counts: its own params. Two items that agree in it are the same. */
  readonly item: (item: Item) => unknown;
  /** One payload for each item, in the order of the items. */
  readonly generateBatch: (
    context: BatchContext<Item, Flatten<Readonly<OwnParams<Schema>>>>,
  ) => readonly Payload[] | Promise<readonly Payload[]>;
  /** How many items are generated at a time; 100 by default. */
  readonly batchSize?: number | undefined;
  /** Throw where a payload that was generated is not what it should be. */
  readonly validate?: ((payload: NoInfer<Payload>, item: NoInfer<Item>) => void | Promise<void>) | undefined;
  /** How a payload becomes bytes; `structured()` by default. */
  readonly format?: Format<NoInfer<Payload>> | undefined;
  /** The author's word that the code changed meaning. */
  readonly version?: string | number | undefined;
  /** What a batch takes of limited things, by the name of a pool. Batches inside the generators of a run keep to the pools and rate limits of that run, all of them together. */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  readonly retries?: number | RetryOptions | undefined;
  /** How long one attempt at a batch may take, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** How class instances inside params and items are encoded. */
  readonly classes?: readonly ClassCodec[] | undefined;
}

/** How items are loaded. */
export interface LoadItemsOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many batches are generated at the same time; 1 by default. */
  readonly concurrency?: number | undefined;
  /** Called when batches are through. */
  readonly onProgress?: ((progress: ItemsProgress) => void) | undefined;
}

/** How far it is, in items that differ. */
export interface ItemsProgress {
  readonly done: number;
  readonly total: number;
  /** How many of them were there. */
  readonly hits: number;
}
