import type { Store } from "../store/store.ts";
import { storePath } from "../store/store-path.ts";
import { INTERNAL_FOLDER } from "./artifact-paths.ts";
import { type Claim, encodeBeat, leaseFolder, readClaim } from "./lease-claim.ts";
import type { Machine } from "./lease-machine.ts";

type Worker = import("node:worker_threads").Worker;

/** A claim that is beating. */
export interface Heartbeat {
  /** When this resolves, no beat is under way. */
  stop(): void | Promise<void>;
}

/** Show that the owner of a claim still works, every `beatMs`, until it is stopped. The process may end meanwhile. */
export function startHeartbeat(store: Store, claim: Claim, head: string, beatMs: number, machine: Machine): Heartbeat {
  const file = store.localPath?.(claim.path);
  if (file === undefined) return beatThroughStore(store, claim, head, beatMs, machine);
  let fallback: Heartbeat | undefined;
  const folders = [storePath(INTERNAL_FOLDER), leaseFolder()].map((folder) => store.localPath?.(folder) ?? "");
  const stop = pulse.add({ file, folders, head, everyMs: beatMs }, () => {
    fallback = beatThroughStore(store, claim, head, beatMs, machine);
  });
  return {
    stop() {
      stop();
      return fallback?.stop();
    },
  };
}

/**
 * Beats for every claim of this process, on a thread of its own: a generator that computes for a minute without a pause must not look
 * dead. The text is a string, so that no bundler can lose it, and plain JavaScript, which no loader of the program has to translate.
 *
 * Each beat opens the file again and writes only where it finds its own claim: after a stop of some length the name may be another's.
 * It follows no link, neither in the place of the file nor of its folders, and does not wait for a pipe.
 */
const pulseSource = `
const { parentPort } = process.getBuiltinModule("node:worker_threads");
const fs = process.getBuiltinModule("node:fs");
const { O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
const timers = new Map();
parentPort.on("message", ({ id, file, folders, head, everyMs }) => {
  clearInterval(timers.get(id));
  timers.delete(id);
  if (file === undefined) return;
  const own = Buffer.from(head);
  let count = 0;
  timers.set(id, setInterval(() => beat(file, folders, own, ++count), everyMs));
});
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

interface BeatingFile {
  readonly file: string;
  /** Those between the data directory and the file. */
  readonly folders: readonly string[];
  readonly head: string;
  readonly everyMs: number;
}

class Pulse {
  readonly #onFailure = new Map<number, () => void>();
  #worker: Worker | undefined;
  #count = 0;
  #hasFailed = false;

  /** Returns what stops it. `onFailure` is called where there is no thread to be had, now or later. */
  add(beating: BeatingFile, onFailure: () => void): () => void {
    if (!this.#hasFailed) this.#worker ??= this.#tryStart();
    if (this.#worker === undefined) {
      onFailure();
      return () => {};
    }
    const id = ++this.#count;
    this.#onFailure.set(id, onFailure);
    this.#worker.postMessage({ id, ...beating });
    return () => {
      this.#onFailure.delete(id);
      this.#worker?.postMessage({ id });
    };
  }

  #tryStart(): Worker | undefined {
    try {
      const { Worker } = process.getBuiltinModule("node:worker_threads");
      // Nothing of the program's own start is repeated: neither its flags (loaders, preloaded modules) nor NODE_OPTIONS.
      const worker = new Worker(pulseSource, { eval: true, name: "persistable heartbeat", execArgv: [], env: {} });
      worker.unref();
      worker.on("error", () => this.#fail());
      worker.on("exit", () => this.#fail());
      return worker;
    } catch {
      this.#hasFailed = true;
      return undefined;
    }
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#worker = undefined;
    for (const onFailure of this.#onFailure.values()) onFailure();
    this.#onFailure.clear();
  }
}

const pulse = new Pulse();

/** For stores elsewhere, and where a thread is not to be had: beats only while the event loop turns. */
function beatThroughStore(store: Store, claim: Claim, head: string, beatMs: number, machine: Machine): Heartbeat {
  let count = 0;
  let isStopped = false;
  let underWay: Promise<void> | undefined;
  let cancel = machine.after(beatMs, next, { unref: true });
  function next(): void {
    underWay = beat().finally(() => {
      underWay = undefined;
      if (!isStopped) cancel = machine.after(beatMs, next, { unref: true });
    });
  }
  async function beat(): Promise<void> {
    try {
      const there = await readClaim(store, claim.path);
      if (isStopped || there?.token !== claim.token) return;
      await store.replace(claim.path, [Buffer.from(head + encodeBeat(++count))], { durable: false });
    } catch {
      // The next beat may get through. If none does, others take over, and this claim notices when it is asked.
    }
  }
  return {
    stop() {
      isStopped = true;
      cancel();
      return underWay;
    },
  };
}
