/**
 * Calls the listener when the signal is aborted, or at once if it already is.
 *
 * @returns a function that stops listening
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/**
 * The promise, for a caller who does not wait for it beyond an abort. The work goes on.
 *
 * @throws what the promise rejects with, or the signal's reason, whichever comes first
 */
export function orAborted<Value>(value: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return value;
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, () => reject(signal.reason));
    value.then(resolve, reject).then(stopListening, stopListening);
  });
}
