import type { InternalCallOptions } from "./context/call-context.ts";
import { stateOf } from "./declare/state-of.ts";
import { LiveTap } from "./load/live-tap.ts";
import { loadOrGenerate } from "./load-or-generate.ts";
import type { AnyPersistable } from "./persistable.ts";

/** A persistable whose payload is a stream. */
export interface StreamPersistable<Item> extends AnyPersistable {
  readonly payload: Promise<AsyncIterable<Item>>;
}

/**
 * The items of a stream payload as they come: replayed where it is stored, or else while it is generated, with the generator waiting for whoever reads and for the store. It is
 * published when it has ended, just as by `await persistable.payload`, which waits for that end. Whoever stops reading early aborts the generator, unless others wait for it, and
 * nothing is published. What is read before the end was not validated yet.
 *
 * @throws what the generator throws, after the items before; as `loadOrGenerate`.
 *
 * @example
 * ```ts
 * const answer = definePersistable({ name: "answer", format: records<string>(), generate: ({ params }) => model.stream(params.prompt) });
 * for await (const token of streamPayload(answer({ prompt }))) process.stdout.write(token);
 * ```
 */
export async function* streamPayload<Item>(
  persistable: StreamPersistable<Item>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Item, void, undefined> {
  const state = stateOf(persistable, "What streamPayload was given");
  const leaving = new AbortController();
  const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
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
    if (!isThrough) leaving.abort(new DOMException("Nobody reads the stream any more.", "AbortError"));
  }
}
