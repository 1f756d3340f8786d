import { onAbort } from "../../util/concurrency/on-abort.ts";
import { type DoneByWorker, type WorkerTask, WorkerThread } from "./worker-thread.ts";

const IDLE_MS = 10_000;

/**
 * Has at most as many threads as there are processors, and starts each when it is first needed. A
 * thread that has ended is replaced when there is work for it. Idle threads do not keep the process
 * running.
 *
 * It uses Node's threads directly. The pool tinypool 2.2 was rejected: it never settles a task
 * whose thread calls `process.exit`, and it never starts waiting tasks after one was aborted or its
 * thread has crashed.
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
        // This waiter may just have been woken: wake the next one instead.
        this.#wakeNext();
        throw signal.reason;
      }
      const thread = this.#takeIdle() ?? (this.#threads.size < this.#maxThreads ? this.#start() : undefined);
      if (thread !== undefined) return thread;
      await this.#wait(signal);
    }
  }

  /** Takes the thread that worked last, so that the others can end. */
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
        stopListening();
        resolve();
      };
      this.#waiting.add(wake);
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      });
    });
  }

  #wakeNext(): void {
    const [wake] = this.#waiting;
    if (wake === undefined) return;
    this.#waiting.delete(wake);
    wake();
  }
}
