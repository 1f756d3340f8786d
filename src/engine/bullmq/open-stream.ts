import type { BullmqParts, QueueStream } from "./connection.ts";

/**
 * Opens the stream of a queue, and returns it once everything that happens from now on will be
 * heard. The stream is read from its beginning up to an event of our own, and nothing of that is
 * told: a stream that is read from its end may miss what happens while it is opened.
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
