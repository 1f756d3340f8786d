/** Where text for people goes: standard error, or anything like it. */
export interface TextStream {
  write(text: string, done?: (error?: Error | null) => void): unknown;
}

/** Streams that have failed: what they would show is not seen by anybody. */
const broken = new WeakSet<object>();

/**
 * Write for people who may have stopped reading: `study.mjs 2>&1 | head -1`, or a terminal that was closed. What is shown must not end
 * what it tells of, so a stream that fails gets nothing more, and nobody hears of it.
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
    // A mistake in somebody's own stream is theirs to see.
    if (typeof (Object(error) as { readonly code?: unknown }).code !== "string") throw error;
    broken.add(stream);
  }
}

/**
 * A stream of Node also emits each failure, right after its callback; without a listener that ends the
 * process. A listener for good would also hide the failures of the program's own writes.
 */
function expectError(stream: TextStream): void {
  (stream as Partial<NodeJS.EventEmitter>).once?.("error", () => {});
}
