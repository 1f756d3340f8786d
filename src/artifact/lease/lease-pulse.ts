import type { BeatFailure, BeatingElsewhere } from "./heartbeat-entry.ts";
import { encodeBeat } from "./lease-claim.ts";

type Worker = import("node:worker_threads").Worker;

/** A claim in a folder of this machine. */
export interface BeatingFile {
  readonly file: string;
  /** The folders between the data directory and the file. */
  readonly folders: readonly string[];
  readonly head: string;
  readonly everyMs: number;
}

/** A claim in a remote store, and the part of the library that beats for it. */
export interface BeatingThroughEntry extends BeatingElsewhere {
  readonly entryUrl: string;
  /** That part is loaded only this long after the claim was made: most generators finish before. */
  readonly afterMs: number;
}

/** Is informed about beats on the thread. */
export interface PulseListener {
  /** Called when no thread is available, now or later. */
  onEnd(): void;
  /** Called when a beat of the claim fails for the first time; later failures are not reported. */
  onFailure?(failure: BeatFailure): void;
}

/** Stops the beats of a claim. */
export interface PulseBeat {
  /** Once this resolves, no beat is under way. */
  stop(): Promise<void>;
}

/**
 * Beats for every claim of this process, on a thread of its own: a generator that computes for a
 * minute without a pause must not look dead. The source is a string, so that no bundler can lose
 * it, and plain JavaScript, which no loader of the program has to translate.
 *
 * In a folder, each beat opens the file again and writes only if it finds its own claim: after a
 * long stop, the name may belong to another process. It follows no link, neither at the file nor at
 * its folders, and does not wait for a pipe. For a remote store, the thread imports the library's
 * own module.
 */
const pulseSource = `
const { parentPort } = process.getBuiltinModule("node:worker_threads");
const fs = process.getBuiltinModule("node:fs");
const { O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
const stops = new Map();
parentPort.on("message", ({ id, beating }) => {
  if (beating === undefined) stop(id);
  else stops.set(id, beating.file === undefined ? beatElsewhere(id, beating) : beatFile(beating));
});
async function stop(id) {
  const end = stops.get(id);
  stops.delete(id);
  try {
    await end?.();
  } finally {
    parentPort.postMessage({ id, isStopped: true });
  }
}
function beatElsewhere(id, { entryUrl, afterMs, ...beating }) {
  const fail = (failure) => parentPort.postMessage({ id, failure });
  let end;
  let isStopped = false;
  let loading;
  const load = async () => {
    // The main thread has already shown the warnings of these packages.
    process.removeAllListeners("warning");
    try {
      const { startBeating } = await import(entryUrl);
      if (!isStopped) end = startBeating(beating, fail);
    } catch (error) {
      fail({ message: String(error?.message ?? error), mayPass: false });
    }
  };
  const timer = setTimeout(() => { loading = load(); }, afterMs);
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await loading;
    await end?.();
  };
}
function beatFile({ file, folders, head, everyMs }) {
  const own = Buffer.from(head);
  let count = 0;
  const timer = setInterval(() => beat(file, folders, own, ++count), everyMs);
  return () => clearInterval(timer);
}
function beat(file, folders, own, count) {
  let open;
  try {
    if (!folders.every((folder) => fs.lstatSync(folder).isDirectory()) || !fs.lstatSync(file).isFile()) return;
    open = fs.openSync(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    const there = Buffer.alloc(own.length);
    fs.readSync(open, there, 0, there.length, 0);
    if (there.equals(own)) fs.writeSync(open, String(count).padStart(${encodeBeat(0).length - 1}, "0"), own.length);
  } catch {}
  try {
    if (open !== undefined) fs.closeSync(open);
  } catch {}
}
`;

type PulseNews =
  | { readonly id: number; readonly isStopped: true }
  | { readonly id: number; readonly isStopped?: undefined; readonly failure: BeatFailure };

/** An idle thread is ended after this time. */
const IDLE_MS = 10_000;

class Pulse {
  readonly #listeners = new Map<number, PulseListener>();
  /** The beats that are about to stop. While there are any, the process waits for the thread. */
  readonly #stopping = new Map<number, () => void>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #count = 0;
  #hasFailed = false;

  add(beating: BeatingFile | BeatingThroughEntry, listener: PulseListener): PulseBeat {
    clearTimeout(this.#idle);
    if (!this.#hasFailed) this.#worker ??= this.#tryStart();
    const id = ++this.#count;
    if (this.#worker === undefined || !this.#tryPost(this.#worker, { id, beating })) {
      listener.onEnd();
      return { stop: () => Promise.resolve() };
    }
    this.#listeners.set(id, listener);
    // The thread finishes a beat of a file before it reads its next message, so there is nothing to
    // wait for.
    const waitsFromMs = "afterMs" in beating ? performance.now() + beating.afterMs : Number.POSITIVE_INFINITY;
    return { stop: () => this.#stop(id, performance.now() >= waitsFromMs) };
  }

  async #stop(id: number, isWaitedFor: boolean): Promise<void> {
    if (!this.#listeners.delete(id)) return;
    const worker = this.#worker;
    if (worker !== undefined) {
      worker.postMessage({ id });
      if (isWaitedFor) await this.#stopped(worker, id);
    }
    if (this.#listeners.size === 0) this.#endWhenIdle();
  }

  async #stopped(worker: Worker, id: number): Promise<void> {
    worker.ref();
    await new Promise<void>((resolve) => this.#stopping.set(id, resolve));
    if (this.#stopping.size === 0) worker.unref();
  }

  #endWhenIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      const worker = this.#worker;
      if (this.#listeners.size > 0 || worker === undefined) return;
      this.#worker = undefined;
      worker.removeAllListeners();
      void worker.terminate();
    }, IDLE_MS).unref();
  }

  #tryPost(worker: Worker, message: object): boolean {
    try {
      worker.postMessage(message);
      return true;
    } catch {
      // The options of the store hold something that another thread cannot have, such as a
      // function.
      return false;
    }
  }

  #tryStart(): Worker | undefined {
    try {
      const { Worker } = process.getBuiltinModule("node:worker_threads");
      // The thread repeats nothing of the program's own start: neither its flags (loaders,
      // preloaded modules) nor NODE_OPTIONS.
      const worker = new Worker(pulseSource, { eval: true, name: "persistable heartbeat", execArgv: [], env: {} });
      worker.on("error", () => this.#fail());
      worker.on("exit", () => this.#fail());
      worker.on("message", (news: PulseNews) => this.#handle(news));
      worker.unref();
      return worker;
    } catch {
      this.#hasFailed = true;
      return undefined;
    }
  }

  #handle(news: PulseNews): void {
    if (news.isStopped !== true) {
      this.#listeners.get(news.id)?.onFailure?.(news.failure);
      return;
    }
    const resolve = this.#stopping.get(news.id);
    this.#stopping.delete(news.id);
    resolve?.();
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#worker = undefined;
    for (const { onEnd } of this.#listeners.values()) onEnd();
    this.#listeners.clear();
    for (const resolve of this.#stopping.values()) resolve();
    this.#stopping.clear();
  }
}

/** The pulse of this process. */
export const pulse = new Pulse();
