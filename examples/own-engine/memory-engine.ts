import type {
  Engine,
  EngineLink,
  EngineNews,
  EngineServer,
  JobEnding,
  JobState,
  QueuedJob,
  ServeOptions,
} from "persistable-ts/engine";

type Listener = (news: EngineNews) => void;

interface Entry {
  readonly job: QueuedJob;
  readonly abort: AbortController;
  /** Whether a worker has begun the job before. */
  isRepeated: boolean;
  state: Exclude<JobState, "unknown">;
  /** The worker that has the job, as long as it runs. */
  worker?: Worker;
  /** How the job has ended. */
  ending?: EngineNews;
}

interface Worker {
  readonly options: ServeOptions;
  isPaused: boolean;
}

/** How long a job that was put back waits, so that another worker may take it. */
const RETURNED_MS = 1000;

/** Carries nodes from runs to workers of the same process. */
export function memoryEngine(): Engine {
  const queues = new Map<string, MemoryQueue>();
  const queueOf = (name: string): MemoryQueue => {
    const queue = queues.get(name) ?? new MemoryQueue();
    queues.set(name, queue);
    return queue;
  };
  return {
    url: "memory:queue",
    code: undefined,
    workersWithinMs: undefined,
    connect: async (queue, listener) => queueOf(queue).connect(listener),
    serve: async (queue, options) => queueOf(queue).serve(options),
  };
}

class MemoryQueue {
  /** The jobs in the order in which they were queued. */
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<Listener>();
  readonly #workers = new Set<Worker>();
  #atOnce = Number.POSITIVE_INFINITY;

  connect(listener: Listener): EngineLink {
    this.#listeners.add(listener);
    return {
      submit: async (job) => this.#submit(job),
      stateOf: async (id) => {
        const entry = this.#entries.get(id);
        if (entry?.ending !== undefined) this.#tell(entry.ending);
        return entry?.state ?? "unknown";
      },
      cancel: async (id) => this.#cancel(id),
      slots: async () => Array.from(this.#workers, ({ options }) => options.slots),
      limit: async ({ atOnce = Number.POSITIVE_INFINITY }) => {
        this.#atOnce = atOnce;
        this.#handOut();
      },
      close: async () => void this.#listeners.delete(listener),
    };
  }

  serve(options: ServeOptions): EngineServer {
    const worker: Worker = { options, isPaused: false };
    this.#workers.add(worker);
    this.#handOut();
    const leave = (): readonly Entry[] => {
      this.#workers.delete(worker);
      return [...this.#entries.values()].filter((entry) => entry.worker === worker);
    };
    return {
      counts: async () =>
        Object.fromEntries(Array.from(this.#entries.values(), ({ state }) => [state, this.#count(state)])),
      pause: () => {
        worker.isPaused = true;
      },
      resume: () => {
        worker.isPaused = false;
        this.#handOut();
      },
      drain: async () => {
        const running = leave();
        while (running.some((entry) => entry.worker === worker))
          await new Promise((resolve) => setTimeout(resolve, 10));
      },
      close: async () => {
        for (const entry of leave()) this.#wait(entry);
      },
    };
  }

  #submit(job: QueuedJob): void {
    const { ending, state } = this.#entries.get(job.id) ?? {};
    if (state !== undefined && ending === undefined) return;
    this.#entries.delete(job.id);
    // What another process would get is a copy.
    this.#entries.set(job.id, {
      job: structuredClone(job),
      abort: new AbortController(),
      state: "queued",
      isRepeated: false,
    });
    this.#handOut();
  }

  #cancel(id: string): void {
    const entry = this.#entries.get(id);
    entry?.abort.abort();
    if (entry?.state !== "queued") return;
    this.#entries.delete(id);
    this.#tell({ kind: "removed", id });
  }

  #wait(entry: Entry): void {
    entry.state = "queued";
    delete entry.worker;
    this.#handOut();
  }

  #handOut(): void {
    for (const entry of this.#entries.values()) {
      if (this.#count("running") >= this.#atOnce) return;
      if (entry.state !== "queued") continue;
      const worker = [...this.#workers].find((each) => !each.isPaused && this.#placesOf(each) > 0);
      if (worker === undefined) return;
      entry.state = "running";
      entry.worker = worker;
      void this.#do(entry, worker);
    }
  }

  async #do(entry: Entry, worker: Worker): Promise<void> {
    const { id, data } = entry.job;
    const tell = (progress: typeof data): void => this.#tell({ kind: "progress", id, data: progress });
    const { isRepeated, abort } = entry;
    entry.isRepeated = true;
    const ending = await worker.options.handle({ id, data, isRepeated, signal: abort.signal, tell });
    // The worker was closed meanwhile, and another one has the job.
    if (entry.worker !== worker) return;
    delete entry.worker;
    if (ending.kind === "returned" && !entry.abort.signal.aborted) setTimeout(() => this.#wait(entry), RETURNED_MS);
    else {
      entry.ending = newsOf(id, ending);
      entry.state = ending.kind === "done" ? "done" : "failed";
      this.#tell(entry.ending);
    }
    this.#handOut();
  }

  #placesOf(worker: Worker): number {
    return worker.options.slots - [...this.#entries.values()].filter((entry) => entry.worker === worker).length;
  }

  #count(state: JobState): number {
    return [...this.#entries.values()].filter((entry) => entry.state === state).length;
  }

  #tell(news: EngineNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}

function newsOf(id: string, ending: JobEnding): EngineNews {
  if (ending.kind === "done") return { kind: "done", id, result: ending.result };
  if (ending.kind === "failed") return { kind: "failed", id, error: ending.error, reason: ending.message };
  return { kind: "failed", id, error: { cancelled: true }, reason: "The run has cancelled it." };
}
