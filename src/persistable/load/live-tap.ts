/**
 * Passes the items of a stream that is being stored to a reader that wants them at once, one at a
 * time: neither the store nor the reader gets ahead of the other.
 */
export class LiveTap<Item> {
  #item: { readonly value: Item } | undefined;
  #isLeft = false;
  #isTapped = false;
  #wake: (() => void) | undefined;
  #taken: (() => void) | undefined;

  /**
   * Whether the stream passes through here at all. It does not if the payload is loaded, or if
   * another call generates it.
   */
  get isTapped(): boolean {
    return this.#isTapped;
  }

  /** Returns the same stream, for the store. */
  async *tap(stream: AsyncIterable<Item>): AsyncGenerator<Item> {
    this.#isTapped = true;
    for await (const value of stream) {
      // When the store asks for the next item, it has encoded this one: changes that the reader
      // then makes to it do not reach the stored stream.
      yield value;
      if (!this.#isLeft) await this.#offer({ value });
    }
  }

  /** Yields the items for the reader, until `work` settles. */
  async *items(work: Promise<unknown>): AsyncGenerator<Item> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.#wake?.();
    };
    work.then(end, end);
    try {
      for (;;) {
        if (this.#item !== undefined) yield this.#take(this.#item);
        else if (isOver) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.#isLeft = true;
      this.#taken?.();
    }
  }

  #take({ value }: { readonly value: Item }): Item {
    this.#item = undefined;
    this.#taken?.();
    return value;
  }

  #offer(item: { readonly value: Item }): Promise<void> {
    this.#item = item;
    this.#wake?.();
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }
}
