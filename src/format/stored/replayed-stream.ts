/**
 * A stream that can be read any number of times: each `for await` starts from the beginning. The
 * type of generators also promises the methods `next`, `return` and `throw`; these three share one
 * reading.
 */
export class ReplayedStream<Item> implements AsyncGenerator<Item, void, undefined> {
  readonly #begin: () => AsyncGenerator<Item>;
  #reading: AsyncGenerator<Item> | undefined;

  constructor(begin: () => AsyncGenerator<Item>) {
    this.#begin = begin;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    return this.#begin();
  }

  next(): Promise<IteratorResult<Item, void>> {
    this.#reading ??= this.#begin();
    return this.#reading.next();
  }

  return(): Promise<IteratorResult<Item, void>> {
    this.#reading ??= this.#begin();
    return this.#reading.return(undefined);
  }

  throw(error: unknown): Promise<IteratorResult<Item, void>> {
    this.#reading ??= this.#begin();
    return this.#reading.throw(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
