import type { FileStat, FileSystemCalls } from "./file-system.ts";

export type CallName = keyof FileSystemCalls;

/** The result of one of several `stat` calls. */
export type Looked = { readonly stat: FileStat | undefined } | { readonly error: unknown };

/**
 * The requests of an operation to its driver: a system call, several `stat` calls at once, a wait
 * for something else, or to ignore aborts from now on.
 */
export type Request =
  | { readonly [Name in CallName]: { readonly name: Name; readonly args: Parameters<FileSystemCalls[Name]> } }[CallName]
  | { readonly name: "statEach"; readonly paths: readonly string[] }
  | { readonly name: "wait"; readonly until: () => Promise<unknown> }
  | { readonly name: "shield" };

/**
 * An operation on the disk as a list of steps, written once and run in three ways: synchronously,
 * through the thread pool, or by a simulation that may stop it anywhere.
 */
export type Steps<Result> = Generator<Request, Result, unknown>;

/** Makes one system call. */
export function* call<Name extends CallName>(
  name: Name,
  ...args: Parameters<FileSystemCalls[Name]>
): Steps<ReturnType<FileSystemCalls[Name]>> {
  return (yield { name, args } as Request) as ReturnType<FileSystemCalls[Name]>;
}

/**
 * Calls `stat` for each path, all at once if the driver can: a remote server is then asked in one
 * round trip.
 */
export function* statEach(paths: readonly string[]): Steps<readonly Looked[]> {
  return (yield { name: "statEach", paths }) as readonly Looked[];
}

/** Waits for something other than the disk. This is not possible synchronously. */
export function* wait<Value>(until: () => Promise<Value>): Steps<Value> {
  return (yield { name: "wait", until }) as Value;
}

/**
 * Ignores aborts from here on: the following steps either clean up, or come after the point of no
 * return.
 */
export function* shield(): Steps<void> {
  yield { name: "shield" };
}

/** Runs an operation to its end synchronously. */
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
  if (request.name === "statEach") return request.paths.map((path) => lookSync(path, calls));
  if (request.name === "wait") throw new TypeError("Only chunks that are already there can be written synchronously.");
  return (calls[request.name] as (...args: readonly unknown[]) => unknown).apply(calls, request.args);
}

function lookSync(path: string, calls: FileSystemCalls): Looked {
  try {
    return { stat: calls.stat(path) };
  } catch (error) {
    return { error };
  }
}
