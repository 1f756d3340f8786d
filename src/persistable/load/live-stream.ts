/** The memory for items of a stream in flight that slower and later readers will want. */
const KEPT_BYTES = 16 * 1024 * 1024;

/**
 * Passes the items of a stream that is being generated to any number of readers, each at its own
 * pace. The generator waits for the fastest of them. A reader that comes later gets all items from
 * the first one on. One that is so far behind that the items are not kept any more waits for the
 * end, and reads the rest from the store.
 */
export class LiveStream<Item> {
  readonly #keptBytes: number;
  readonly #kept: { readonly value: Item; readonly sizeBytes: number }[] = [];
  /** The number of items that were dropped. */
  #dropped = 0;
  #sizeBytes = 0;
  #isOver = false;
  #isTapped = false;
  readonly #readers = new Set<Reader>();

  constructor(keptBytes: number = KEPT_BYTES) {
    this.#keptBytes = keptBytes;
  }

  /**
   * Whether the stream passes through here. It does not if the payload is loaded, or if another
   * process generates it.
   */
  get isTapped(): boolean {
    return this.#isTapped;
  }

  /** Whether the stream has ended, as a whole or by an error. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Returns the same stream, for the store. It waits for the readers and for the store. */
  async *tap(stream: AsyncIterable<Item>): AsyncGenerator<Item> {
    try {
      for await (const value of stream) {
        // When the store asks for the next item, it has encoded this one: changes that a reader
        // then makes to it do not reach the stored stream.
        yield value;
        this.push(value);
        await this.#untilTaken();
      }
    } finally {
      this.end();
    }
  }

  /** Adds an item without waiting for any reader. */
  push(value: Item): void {
    this.#isTapped = true;
    const sizeBytes = this.#keptBytes === Number.POSITIVE_INFINITY ? 0 : roughSize(value, 3);
    this.#kept.push({ value, sizeBytes });
    this.#sizeBytes += sizeBytes;
    this.#wakeReaders();
  }

  end(): void {
    this.#isTapped = true;
    this.#isOver = true;
    this.#wakeReaders();
  }

  /**
   * Gives all items from the first one on, until the stream or `work` is over.
   *
   * @returns the number of items that were read, if `work` has to give the rest; `undefined` if
   * these were all
   */
  async *read(work: Promise<unknown>): AsyncGenerator<Item, number | undefined> {
    const reader: Reader = { position: 0, wake: undefined, taken: undefined };
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      reader.wake?.();
    };
    work.then(settle, settle);
    this.#readers.add(reader);
    try {
      for (;;) {
        const kept = this.#kept[reader.position - this.#dropped];
        if (kept !== undefined) {
          reader.position += 1;
          reader.taken?.();
          yield kept.value;
        } else if (reader.position < this.#dropped) {
          this.#readers.delete(reader);
          return reader.position;
        } else if (this.#isOver) return undefined;
        else if (isSettled) return this.#isTapped ? undefined : reader.position;
        else
          await new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
      }
    } finally {
      this.#readers.delete(reader);
      reader.taken?.();
    }
  }

  /** Waits until the fastest reader has taken every item, or until there is no reader. */
  async #untilTaken(): Promise<void> {
    const end = this.#dropped + this.#kept.length;
    while (this.#readers.size > 0 && ![...this.#readers].some(({ position }) => position === end)) {
      await new Promise<void>((resolve) => {
        for (const reader of this.#readers) reader.taken = resolve;
      });
    }
    this.#dropOld();
  }

  #dropOld(): void {
    while (this.#sizeBytes > this.#keptBytes) {
      this.#sizeBytes -= this.#kept.shift()?.sizeBytes ?? 0;
      this.#dropped += 1;
    }
  }

  #wakeReaders(): void {
    for (const { wake } of this.#readers) wake?.();
  }
}

interface Reader {
  /** The number of items that it has taken. */
  position: number;
  wake: (() => void) | undefined;
  taken: (() => void) | undefined;
}

/** About the memory that a value takes, in bytes; what lies deep inside it is left out. */
function roughSize(value: unknown, levels: number): number {
  if (typeof value === "string") return 32 + 2 * value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (levels === 0) return 64;
  return Object.values(value).reduce<number>((sum, inner) => sum + 32 + roughSize(inner, levels - 1), 64);
}
