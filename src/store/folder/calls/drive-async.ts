import { orAborted } from "../../../util/concurrency/on-abort.ts";
import { checkSignal } from "../../caller-failure.ts";
import type { Looked, Request, Steps } from "./file-steps.ts";
import type { AsyncFileSystemCalls } from "./file-system.ts";

/**
 * Runs an operation through the thread pool. If the signal is aborted, the operation is
 * interrupted between two calls, cleans up, and this rejects with a {@link CallerFailure}.
 */
export async function driveAsync<Result>(
  steps: Steps<Result>,
  calls: AsyncFileSystemCalls,
  signal?: AbortSignal,
): Promise<Result> {
  let interruptible = signal;
  checkSignal(interruptible);
  let state = steps.next();
  while (!state.done) {
    if (state.value.name === "shield") interruptible = undefined;
    let answer: unknown;
    try {
      checkSignal(interruptible);
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
  if (request.name === "statEach") return Promise.all(request.paths.map((path) => lookAsync(path, calls)));
  if (request.name === "wait") return waitFor(request.until, signal);
  return (calls[request.name] as (...args: readonly unknown[]) => Promise<unknown>).apply(calls, request.args);
}

async function waitFor(until: () => Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    return await orAborted(until(), signal);
  } catch (error) {
    checkSignal(signal);
    throw error;
  }
}

async function lookAsync(path: string, calls: AsyncFileSystemCalls): Promise<Looked> {
  try {
    return { stat: await calls.stat(path) };
  } catch (error) {
    return { error };
  }
}
