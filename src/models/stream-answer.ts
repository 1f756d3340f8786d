import { workKeyOf } from "../persistable/context/wait-graph.ts";
import { LiveStream } from "../persistable/load/live-stream.ts";
import { streamedAnswers } from "./answers.ts";
import type { AskedModel } from "./asked-model.ts";
import { paramsOfCall } from "./call-key.ts";
import type { ModelCall, StreamPart } from "./model.ts";
import { type CallMark, OpenCall, ownOptionsOf } from "./open-call.ts";
import { followStream, leavableSignal, SharedStreams } from "./shared-stream.ts";
import { packetsOf } from "./stored-parts.ts";

/** The streams of answers that are under way in this process, by the key of their work. */
const streams = new SharedStreams<LiveStream<StreamPart>>(({ isOver }) => isOver);
const beginStream = () => new LiveStream<StreamPart>(Number.POSITIVE_INFINITY);

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
  if (found !== undefined) return replay(found.payload, open.mark("store"));
  if (mode === "replay") return open.refuseMiss();
  open.refuseCredentials();
  const joined = isRefreshing ? undefined : streams.join(workKeyOf(open.state), beginStream);
  live.parts = joined?.live ?? beginStream();
  const { signal, leave } = leavableSignal(given.abortSignal, "stream");
  const work = open.obtain(signal, isRefreshing);
  work.finally(() => joined?.leave()).catch(() => {});
  const reader = live.parts.read(work);
  const first = await reader.next();
  // No part was streamed here: the work has failed, or another process has generated the answer.
  if (first.done === true) return replay(await work, open.mark("other"));
  return followStream({
    first: first.value,
    reader,
    work,
    give: (part) => marked(part, () => open.mark("other")),
    leave: live.options.onLeave === "finish" ? () => {} : leave,
  });
}

function replay(payload: unknown, mark: CallMark): ReadableStream<StreamPart> {
  const packets = packetsOf(payload);
  return new ReadableStream<StreamPart>(
    {
      pull(controller) {
        const { done, value } = packets.next();
        if (done === true) controller.close();
        else for (const part of value) controller.enqueue(marked(part, () => mark));
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
