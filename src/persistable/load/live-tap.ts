/** Hands the items of a stream that is being stored to somebody who wants to see them now, one at a time: neither gets ahead of the other. */
export class LiveTap<Item> {
  #item: { readonly value: Item } | undefined;
  #isLeft = false;
  #isTapped = false;
  #wake: (() => void) | undefined;
  #taken: (() => void) | undefined;

  /** Whether the stream passes here at all: where it is loaded, or somebody else generates it, it does not. */
  get isTapped(): boolean {
    return this.#isTapped;
  }

  /** The same stream, for the store. */
  async *tap(stream: AsyncIterable<Item>): AsyncGenerator<Item> {
    this.#isTapped = true;
    for await (const value of stream) {
      // Whoever stores it has encoded it by the time of asking for the next one: what the other does to it then changes nothing that is stored.
      yield value;
      if (!this.#isLeft) await this.#offer({ value });
    }
  }

  /** The items, until `work` settles. */
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
