import type { BullmqParts, QueueStream } from "./connection.ts";

/**
 * Opens the stream of a queue, and returns it once it will report every event from now on. It reads
 * the stream from its beginning up to an event of our own, and reports nothing of that: a stream
 * that is read from its end may miss events while it is opened.
 *
 * @param subscribe - called when that event was read
 */
export async function openStream(
  parts: BullmqParts,
  name: string,
  onProblem: (error: unknown) => void,
  subscribe: (stream: QueueStream) => void,
): Promise<QueueStream> {
  const stream = parts.stream(name);
  stream.on("error", onProblem);
  const writer = parts.writer(name);
  writer.on("error", onProblem);
  const eventName = `persistable-${crypto.randomUUID()}`;
  const isReached = new Promise<void>((resolve) => {
    stream.on(eventName, () => {
      subscribe(stream);
      resolve();
    });
  });
  await writer.waitUntilReady();
  await writer.publishEvent({ eventName });
  await isReached;
  await writer.close();
  return stream;
}
