import { type DoneByWorker, type WorkerTask, WorkerThread } from "./worker-thread.ts";

const IDLE_MS = 10_000;

/**
 * As many threads as there are processors, started when they are needed. A thread that has ended is replaced when there is work for it; one without work
 * keeps no process from ending.
 *
 * Made of Node's own threads: of the pools at hand, tinypool 2.2 never settles a task whose thread calls `process.exit`, and never starts what waits in
 * its queue after a task was aborted or its thread has crashed.
 */
export class WorkerPool {
  readonly #entryUrl: string;
  readonly #maxThreads: number;
  readonly #threads = new Set<WorkerThread>();
  readonly #idle = new Map<WorkerThread, NodeJS.Timeout>();
  readonly #waiting = new Set<() => void>();

  constructor(entryUrl: string, maxThreads: number) {
    this.#entryUrl = entryUrl;
    this.#maxThreads = maxThreads;
  }

  async run(task: WorkerTask): Promise<DoneByWorker> {
    const thread = await this.#take(task.signal);
    try {
      return await thread.run(task);
    } finally {
      this.#giveBack(thread);
    }
  }

  async #take(signal: AbortSignal): Promise<WorkerThread> {
    for (;;) {
      if (signal.aborted) {
        // It may just have been woken, and then somebody else is to be.
        this.#wakeNext();
        throw signal.reason;
      }
      const thread = this.#takeIdle() ?? (this.#threads.size < this.#maxThreads ? this.#start() : undefined);
      if (thread !== undefined) return thread;
      await this.#wait(signal);
    }
  }

  /** The one that worked last: the others may end. */
  #takeIdle(): WorkerThread | undefined {
    const entry = [...this.#idle].at(-1);
    if (entry === undefined) return undefined;
    const [thread, timer] = entry;
    clearTimeout(timer);
    this.#idle.delete(thread);
    return thread;
  }

  #start(): WorkerThread {
    const thread: WorkerThread = new WorkerThread(this.#entryUrl, () => {
      clearTimeout(this.#idle.get(thread));
      this.#idle.delete(thread);
      this.#threads.delete(thread);
      this.#wakeNext();
    });
    this.#threads.add(thread);
    return thread;
  }

  #giveBack(thread: WorkerThread): void {
    if (thread.isUsable) {
      this.#idle.set(thread, setTimeout(() => this.#dismiss(thread), IDLE_MS).unref());
      this.#wakeNext();
    }
  }

  #dismiss(thread: WorkerThread): void {
    this.#idle.delete(thread);
    void thread.stop();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #wakeNext(): void {
    const [wake] = this.#waiting;
    if (wake === undefined) return;
    this.#waiting.delete(wake);
    wake();
  }
}
