/** Streams that callers of the same work share while it is under way, by the key of the work. */
export class SharedStreams<Live> {
  readonly #underWay = new Map<string, { readonly live: Live; readers: number }>();
  readonly #isOver: (live: Live) => boolean;

  constructor(isOver: (live: Live) => boolean) {
    this.#isOver = isOver;
  }

  /** Joins the stream that is under way, or begins one. */
  join(key: string, begin: () => Live): { readonly live: Live; leave(): void } {
    const known = this.#underWay.get(key);
    const stream = known !== undefined && !this.#isOver(known.live) ? known : { live: begin(), readers: 0 };
    this.#underWay.set(key, stream);
    stream.readers += 1;
    const leave = (): void => {
      stream.readers -= 1;
      if (stream.readers === 0 && this.#underWay.get(key) === stream) this.#underWay.delete(key);
    };
    return { live: stream.live, leave };
  }
}

/** The parts of a stream that follows work under way. */
export interface Followed<Item, Given> {
  /** An item that was taken from the reader before. */
  readonly first?: Item | undefined;
  readonly reader: AsyncGenerator<Item, unknown>;
  readonly work: Promise<unknown>;
  readonly give: (item: Item) => Given;
  /** Called when the stream is not read any more. */
  readonly leave: () => void;
}

/** Returns a stream of the items of work that is under way. */
export function followStream<Item, Given>(followed: Followed<Item, Given>): ReadableStream<Given> {
  const { reader, work, give, leave } = followed;
  let next = followed.first;
  return new ReadableStream<Given>(
    {
      async pull(controller) {
        const item = next;
        next = undefined;
        const result = item === undefined ? await reader.next() : { done: false as const, value: item };
        if (result.done !== true) {
          controller.enqueue(give(result.value));
          return;
        }
        // The answer is stored when its stream ends, so that the same call is a hit from then on.
        await work;
        controller.close();
      },
      async cancel() {
        leave();
        await reader.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A signal that is aborted with the given one, and when a stream is not read any more. */
export function leavableSignal(
  given: AbortSignal | undefined,
  what: "stream" | "response",
): { readonly signal: AbortSignal; leave(): void } {
  const leaving = new AbortController();
  return {
    signal: given === undefined ? leaving.signal : AbortSignal.any([given, leaving.signal]),
    leave: () => leaving.abort(new DOMException(`The ${what} is not read any more.`, "AbortError")),
  };
}
