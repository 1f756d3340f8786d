import type { FileSystemCalls } from "./file-system.ts";

/** The name of a system call. */
export type CallName = keyof FileSystemCalls;

/** What an operation asks of whoever drives it: a system call, to wait for something, or to be left alone by aborts from now on. */
export type Request =
  | { readonly [Name in CallName]: { readonly name: Name; readonly args: Parameters<FileSystemCalls[Name]> } }[CallName]
  | { readonly name: "wait"; readonly until: () => Promise<unknown> }
  | { readonly name: "shield" };

/**
 * An operation on the disk as a list of steps, written once and driven in three ways: without waiting, through the thread pool, or
 * by a simulation that may stop it anywhere.
 */
export type Steps<Result> = Generator<Request, Result, unknown>;

/** One system call. */
export function* call<Name extends CallName>(
  name: Name,
  ...args: Parameters<FileSystemCalls[Name]>
): Steps<ReturnType<FileSystemCalls[Name]>> {
  return (yield { name, args } as Request) as ReturnType<FileSystemCalls[Name]>;
}

/** Wait for something else than the disk. Not possible without waiting. */
export function* wait<Value>(until: () => Promise<Value>): Steps<Value> {
  return (yield { name: "wait", until }) as Value;
}

/** From here on an abort no longer interrupts: what follows either cleans up, or comes after the point of no return. */
export function* shield(): Steps<void> {
  yield { name: "shield" };
}

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
