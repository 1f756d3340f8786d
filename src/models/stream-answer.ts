import { workKeyOf } from "../persistable/context/wait-graph.ts";
import { LiveStream } from "../persistable/load/live-stream.ts";
import { loadOrGenerate } from "../persistable/load-or-generate.ts";
import { streamedAnswers } from "./answers.ts";
import type { AskedModel } from "./asked-model.ts";
import { paramsOfCall } from "./call-key.ts";
import { type ModelCall, partsIn, type StreamPart } from "./model.ts";
import { type CallMark, OpenCall, ownOptionsOf } from "./open-call.ts";
import { paidAnswer } from "./paid-answer.ts";

type Parts = readonly StreamPart[];

/** Parts that are replayed are handed over in packets of this many. */
const PACKET = 64;

/** The streams that a model gives just now in this process, by the key of their work. */
const streams = new Map<string, { readonly parts: LiveStream<StreamPart>; readers: number }>();

/**
 * Streams the answer of a call: replayed from the store, or as the model gives it, for any number
 * of readers. It waits for the first part, so that an error before it reaches the SDK, which tries
 * again.
 */
export async function streamAnswer(
  live: AskedModel,
  given: ModelCall,
  mode: "auto" | "replay" | "refresh",
): Promise<ReadableStream<StreamPart>> {
  const isRefreshing = mode === "refresh";
  const params = paramsOfCall("stream", live.model, given, live.options);
  const open = new OpenCall(streamedAnswers, params, live, live.options, ownOptionsOf(given).draw);
  const found = isRefreshing ? undefined : await open.find(given.abortSignal);
  if (found !== undefined) return replay(partsIn(found.payload), open.mark("store"));
  if (mode === "replay") return open.refuseMiss();
  open.refuseCredentials();
  const joined = isRefreshing ? undefined : join(workKeyOf(open.state));
  live.parts = joined?.parts ?? new LiveStream<StreamPart>(Number.POSITIVE_INFINITY);
  const leaving = new AbortController();
  const signal =
    given.abortSignal === undefined ? leaving.signal : AbortSignal.any([given.abortSignal, leaving.signal]);
  const work: Promise<unknown> = isRefreshing
    ? open.persistable.generate({ signal })
    : loadOrGenerate(open.state, { signal });
  const settled = work.catch((error: unknown) => {
    const paid = paidAnswer(error, live);
    if (paid !== undefined) return paid;
    open.giveBack();
    throw error;
  });
  settled.finally(() => joined?.leave()).catch(() => {});
  const reader = live.parts.read(settled);
  const first = await reader.next();
  // Nothing has passed through: the work has failed, or another process has given the answer.
  if (first.done === true) return replay(partsIn(await settled), open.mark("other"));
  return follow(
    first.value,
    reader,
    settled,
    () => open.mark("other"),
    () => {
      if (live.options.onLeave !== "finish")
        leaving.abort(new DOMException("The stream is not read any more.", "AbortError"));
    },
  );
}

/** Joins the stream of a call that is under way, or begins it. */
function join(key: string): { readonly parts: LiveStream<StreamPart>; leave(): void } {
  const known = streams.get(key);
  const isUnderWay = known !== undefined && !known.parts.isOver;
  const stream = isUnderWay ? known : { parts: new LiveStream<StreamPart>(Number.POSITIVE_INFINITY), readers: 0 };
  streams.set(key, stream);
  stream.readers += 1;
  const leave = (): void => {
    stream.readers -= 1;
    if (stream.readers === 0 && streams.get(key) === stream) streams.delete(key);
  };
  return { parts: stream.parts, leave };
}

/** Gives the parts as they come. */
function follow(
  first: StreamPart,
  reader: AsyncGenerator<StreamPart, unknown>,
  work: Promise<unknown>,
  mark: () => CallMark,
  leave: () => void,
): ReadableStream<StreamPart> {
  let next: StreamPart | undefined = first;
  return new ReadableStream<StreamPart>(
    {
      async pull(controller) {
        const part = next;
        next = undefined;
        const result = part === undefined ? await reader.next() : { done: false as const, value: part };
        if (result.done !== true) {
          controller.enqueue(marked(result.value, mark));
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

function replay(parts: Parts, mark: CallMark): ReadableStream<StreamPart> {
  let position = 0;
  return new ReadableStream<StreamPart>(
    {
      pull(controller) {
        const end = Math.min(position + PACKET, parts.length);
        for (; position < end; position++) {
          const part = parts[position];
          if (part !== undefined) controller.enqueue(marked(part, () => mark));
        }
        if (position >= parts.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

function marked(part: StreamPart, mark: () => CallMark): StreamPart {
  if (part.type !== "finish") return part;
  const metadata = typeof part.providerMetadata === "object" ? part.providerMetadata : {};
  return { ...part, providerMetadata: { ...metadata, persistable: mark() } };
}
