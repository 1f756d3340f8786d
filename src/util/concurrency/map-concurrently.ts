/** How many calls may run at the same time, and what ends them early. */
export interface ConcurrencyOptions {
  /** At least one call runs, whatever this says. */
  readonly concurrency: number;
  /** After an abort, no further call begins, and the signal's reason counts as a failure. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `work` for every item, several at a time, and returns the results in the order of the
 * items. An item is taken from its iterable only when a call for it can begin.
 *
 * After the first failure no further call begins. The failure is thrown only when every call that
 * had begun has ended, so that the caller may then close files and reuse buffers.
 *
 * @throws the first failure, of `work` or of the iterable; the signal's reason
 */
export async function mapConcurrently<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item, index: number) => Result | PromiseLike<Result>,
  { concurrency, signal }: ConcurrencyOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const queue = numbered(items);
  let isExhausted = false;
  const lane = async (): Promise<void> => {
    try {
      // An exception that leaves this loop closes the queue, which ends the loops of all lanes.
      for (const [index, item] of queue) {
        signal?.throwIfAborted();
        results[index] = await work(item, index);
      }
      isExhausted = true;
    } catch (error) {
      failures.push(error);
    }
  };
  const lanes = [lane()];
  while (lanes.length < concurrency && !isExhausted && failures.length === 0) lanes.push(lane());
  await Promise.all(lanes);
  if (failures.length > 0) throw failures[0];
  return results;
}

function* numbered<Item>(items: Iterable<Item>): Generator<readonly [number, Item], void, undefined> {
  let index = 0;
  for (const item of items) yield [index++, item];
}
