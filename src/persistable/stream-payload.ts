import type { CallOptions, InternalCallOptions } from "./context/call-context.ts";
import { workKeyOf } from "./context/wait-graph.ts";
import type { State } from "./declare/state.ts";
import { stateOf } from "./declare/state-of.ts";
import { LiveStream } from "./load/live-stream.ts";
import { loadOrGenerate } from "./load-or-generate.ts";
import type { AnyPersistable } from "./persistable.ts";

/** A persistable whose payload is a stream. */
export interface StreamPersistable<Item> extends AnyPersistable {
  readonly payload: Promise<AsyncIterable<Item>>;
}

/**
 * Yields the items of a stream payload as they come. A stored stream is replayed; otherwise the
 * items are those that the generator makes just now. Any number of callers may read them at the
 * same time, each at its own pace and from the first item on; the generator waits for the fastest
 * of them and for the store. They share the items, and must not change them. A process that waits
 * for another one gets the items at the end.
 *
 * The payload is published when the stream has ended, as by `await persistable.payload`, which
 * waits for that end. If all readers stop early, the generator is aborted, unless other callers
 * wait for the payload, and nothing is published. The items that are read before the end have not
 * been validated yet.
 *
 * @throws the error of the generator, after the items that came before it; otherwise as
 * `loadOrGenerate`
 *
 * @example
 * ```ts
 * import { definePersistable, typedParams } from "persistable-ts";
 * import { records } from "persistable-ts/formats/records";
 * import { streamPayload } from "persistable-ts/stream";
 *
 * const answer = definePersistable({
 *   name: "answer",
 *   params: typedParams<{ question: string }>(),
 *   format: records<string>(),
 *   generate: async function* ({ params }) {
 *     for (const token of ["You ", "asked: ", params.question]) yield token; // as they arrive
 *   },
 * });
 * for await (const token of streamPayload(answer({ question: "Why is the sky blue?" }))) process.stdout.write(token);
 * ```
 */
export function streamPayload<Item>(
  persistable: StreamPersistable<Item>,
  options: Pick<CallOptions, "signal" | "untracked"> = {},
): AsyncGenerator<Item, void, undefined> {
  return streamOf<Item>(stateOf(persistable, "What streamPayload was given"), options);
}

/** The streams that are being generated or looked for in this process, by the key of their work. */
const streams = new Map<string, { readonly live: LiveStream<unknown>; readers: number }>();

/** Like {@link streamPayload}, for the state of a persistable whose payload is a stream. */
export function streamOf<Item>(
  state: State,
  options: Pick<CallOptions, "signal" | "untracked">,
): AsyncGenerator<Item, void, undefined>;
export function streamOf(state: State, options: Pick<CallOptions, "signal" | "untracked">): unknown {
  return itemsOf(state, options);
}

async function* itemsOf(
  state: State,
  options: Pick<CallOptions, "signal" | "untracked">,
): AsyncGenerator<unknown, void, undefined> {
  const leaving = new AbortController();
  const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
  const key = workKeyOf(state);
  const found = streams.get(key);
  // A stream that has ended is stored or has failed.
  const known = found?.live.isOver === false ? found : { live: new LiveStream<unknown>(), readers: 0 };
  streams.set(key, known);
  known.readers += 1;
  const leave = (): void => {
    known.readers -= 1;
    if (known.readers === 0 && streams.get(key) === known) streams.delete(key);
  };
  const call: InternalCallOptions = {
    untracked: options.untracked,
    signal,
    async *tap(stream) {
      try {
        yield* known.live.tap(asStream(stream));
      } finally {
        // A caller that comes from now on loads the payload, or generates it again.
        if (streams.get(key) === known) streams.delete(key);
      }
    },
  };
  const work = loadOrGenerate(state, call);
  let isThrough = false;
  try {
    const read = yield* known.live.read(work);
    isThrough = true;
    const stored = await work;
    if (read !== undefined) yield* after(asStream(stored), read);
  } finally {
    leave();
    work.catch(() => {});
    if (!isThrough) leaving.abort(new DOMException("The stream is not read any more.", "AbortError"));
  }
}

function asStream(payload: unknown): AsyncIterable<unknown> {
  if (isStream(payload)) return payload;
  throw new TypeError("The payload is not a stream. Declare a format of streams, such as records().");
}

function isStream(payload: unknown): payload is AsyncIterable<unknown> {
  return typeof payload === "object" && payload !== null && Symbol.asyncIterator in payload;
}

async function* after(items: AsyncIterable<unknown>, count: number): AsyncGenerator<unknown> {
  let left = count;
  for await (const item of items) {
    if (left > 0) left -= 1;
    else yield item;
  }
}
