import { enlist, type Work } from "../../persistable/context/wait-graph.ts";

/** An item that is being generated in this process. */
export interface ItemFlight {
  /** Resolves when the item is persisted, or its batch has failed. */
  readonly done: Promise<void>;
  /** The batch that it is part of. */
  readonly work: Work;
}

/**
 * The items that are being generated in this process, by store and address. Other callers who want
 * one of them wait for the same work.
 */
export const inFlight = new Map<string, ItemFlight>();

/** Items that are generated together. Other callers wait for them until `release` is called. */
export interface BatchInFlight<Item> {
  readonly items: readonly Item[];
  readonly work: Work;
  release(): void;
}

/**
 * Registers items that are going to be generated together as in flight.
 *
 * @param running - batches of the same call: this one is queued until one of them ends
 */
export function registerBatch<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  name: string,
  running: ReadonlySet<Work>,
): BatchInFlight<Item> {
  const keys = items.map(keyOf);
  const { work, end } = enlist(`batch of ${keys[0]}`, () => `${name} (${items.length} items)`);
  work.queuedBehind = running;
  const releases = keys.map((key) => register(key, work));
  const release = (): void => {
    for (const releaseItem of releases) releaseItem();
    end();
  };
  return { items, work, release };
}

function register(key: string, work: Work): () => void {
  let release: () => void = () => {};
  const flight: ItemFlight = {
    work,
    done: new Promise((resolve) => {
      release = resolve;
    }),
  };
  inFlight.set(key, flight);
  return () => {
    if (inFlight.get(key) === flight) inFlight.delete(key);
    release();
  };
}

/** Takes batches out of the queue, each when it can begin. Batches that never begin stay in it. */
export function* takenFrom<Batch>(queue: Batch[], isOver: () => boolean): Generator<Batch, void, undefined> {
  while (!isOver()) {
    const next = queue.shift();
    if (next === undefined) return;
    yield next;
  }
}
