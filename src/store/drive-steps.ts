import type { AsyncFileSystemCalls, FileSystemCalls } from "./file-system.ts";
import { orAborted } from "./or-aborted.ts";
import type { Request, Steps } from "./steps.ts";

/** Runs an operation to its end at once. */
export function driveSync<Result>(steps: Steps<Result>, calls: FileSystemCalls): Result {
  let state = steps.next();
  while (!state.done) {
    let answer: unknown;
    try {
      answer = answerSync(state.value, calls);
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(answer);
  }
  return state.value;
}

function answerSync(request: Request, calls: FileSystemCalls): unknown {
  if (request.name === "shield") return undefined;
  if (request.name === "wait") throw new TypeError("Only chunks that are already there can be written synchronously.");
  return (calls[request.name] as (...args: readonly unknown[]) => unknown).apply(calls, request.args);
}

/**
 * Runs an operation through the thread pool. When the signal is aborted the operation is interrupted between two calls, cleans up,
 * and this rejects with the signal's reason.
 */
export async function driveAsync<Result>(
  steps: Steps<Result>,
  calls: AsyncFileSystemCalls,
  signal?: AbortSignal,
): Promise<Result> {
  let interruptible = signal;
  interruptible?.throwIfAborted();
  let state = steps.next();
  while (!state.done) {
    if (state.value.name === "shield") interruptible = undefined;
    let answer: unknown;
    try {
      interruptible?.throwIfAborted();
      answer = await answerAsync(state.value, calls, interruptible);
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(answer);
  }
  return state.value;
}

function answerAsync(
  request: Request,
  calls: AsyncFileSystemCalls,
  signal: AbortSignal | undefined,
): Promise<unknown> | undefined {
  if (request.name === "shield") return undefined;
  if (request.name === "wait") return orAborted(request.until(), signal);
  return (calls[request.name] as (...args: readonly unknown[]) => Promise<unknown>).apply(calls, request.args);
}
