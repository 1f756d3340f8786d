import type { InternalCallOptions } from "./context/call-context.ts";
import type { State } from "./declare/state.ts";
import { stateOf } from "./declare/state-of.ts";
import { LiveTap } from "./load/live-tap.ts";
import { loadOrGenerate } from "./load-or-generate.ts";
import type { AnyPersistable } from "./persistable.ts";

/** A persistable whose payload is a stream. */
export interface StreamPersistable<Item> extends AnyPersistable {
  readonly payload: Promise<AsyncIterable<Item>>;
}

/**
 * Yields the items of a stream payload as they come. A stored stream is replayed; otherwise the
 * items are those that the generator makes just now, and it waits for both the reader and the
 * store. The payload is published when the stream has ended, as by `await persistable.payload`,
 * which waits for that end. A reader that stops early aborts the generator, unless other callers
 * wait for the payload, and nothing is published. The items that are read before the end have not
 * been validated yet.
 *
 * @throws the error of the generator, after the items that came before it; otherwise as
 * `loadOrGenerate`
 *
 * @example
 * ```ts
 * const answer = definePersistable({
 *   name: "answer",
 *   format: records<string>(),
 *   generate: ({ params }) => model.stream(params.prompt),
 * });
 * for await (const token of streamPayload(answer({ prompt }))) process.stdout.write(token);
 * ```
 */
export function streamPayload<Item>(
  persistable: StreamPersistable<Item>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Item, void, undefined> {
  return streamOf<Item>(stateOf(persistable, "What streamPayload was given"), options.signal);
}

/** Like {@link streamPayload}, for the state of a persistable whose payload is a stream. */
export async function* streamOf<Item>(
  state: State,
  given: AbortSignal | undefined,
): AsyncGenerator<Item, void, undefined> {
  const leaving = new AbortController();
  const signal = given === undefined ? leaving.signal : AbortSignal.any([given, leaving.signal]);
  const live = new LiveTap<Item>();
  const call: InternalCallOptions = { signal, tap: (stream) => live.tap(stream as AsyncIterable<Item>) };
  const work = loadOrGenerate(state, call) as Promise<AsyncIterable<Item>>;
  let isThrough = false;
  try {
    yield* live.items(work);
    isThrough = true;
    const stored = await work;
    if (!live.isTapped) yield* stored;
  } finally {
    work.catch(() => {});
    if (!isThrough) leaving.abort(new DOMException("The stream is not read any more.", "AbortError"));
  }
}
