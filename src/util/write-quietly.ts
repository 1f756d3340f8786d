/** A stream for people to read: standard error, or anything like it. */
export interface TextStream {
  write(text: string, done?: (error?: Error | null) => void): unknown;
}

/** Streams that have failed: what they would show cannot be seen. */
const broken = new WeakSet<object>();

/**
 * Writes for people who may have stopped reading: `study.mjs 2>&1 | head -1`, or a closed terminal.
 * A display must not end the work that it displays, so a stream that fails gets nothing more, and
 * the failure is not reported.
 */
export function writeQuietly(stream: TextStream, text: string): void {
  if (broken.has(stream)) return;
  try {
    stream.write(text, (error) => {
      if (!error) return;
      broken.add(stream);
      expectError(stream);
    });
  } catch (error) {
    // A bug in the caller's own stream is the caller's to see.
    if (typeof (Object(error) as { readonly code?: unknown }).code !== "string") throw error;
    broken.add(stream);
  }
}

/**
 * Catches the `error` event that a Node stream emits right after its callback; without a listener
 * that event ends the process. A permanent listener would also hide the failures of the program's
 * own writes.
 */
function expectError(stream: TextStream): void {
  (stream as Partial<NodeJS.EventEmitter>).once?.("error", () => {});
}
