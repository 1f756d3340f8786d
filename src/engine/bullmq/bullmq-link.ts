import { setTimeout as sleep } from "node:timers/promises";
import { isJsonObject } from "../../canonical/tagged-json.ts";
import type { EngineLink, EngineNews, JobState, QueuedJob, QueueLimits } from "../engine.ts";
import type { BullmqParts, JobQueue, KeptJob, QueueStream, StreamWriter } from "./connection.ts";
import { openStream } from "./open-stream.ts";
import { fromQueue, toQueue } from "./queued-json.ts";

/** Jobs that failed are kept this long, for dashboards. */
const KEEP_FAILED_S = 24 * 3600;
/** Jobs that are done are kept this long, for a run that has missed their news. */
const KEEP_DONE_S = 60;

/** BullMQ's reason for the failure of a job whose workers were lost. */
const LOST = "job stalled more than allowable limit";
/** How often a job is done again whose worker could not tell how it has ended. */
const MOST_UNTOLD = 5;

/** How long the stream may take to report what it has, after the server is back. */
const CATCH_UP_MS = 2000;
/** How long to wait after a failed attempt to find out whether the server is back. */
const PAUSE_MS = 1000;

/** Returns the name of the stream that tells workers which jobs to abort. */
export function controlOf(queue: string): string {
  return `${queue}.c`;
}

/** A run, connected to a queue of BullMQ. */
export class BullmqLink implements EngineLink {
  readonly #queue: JobQueue;
  readonly #control: StreamWriter;
  readonly #listener: (news: EngineNews) => void;
  /** Jobs that were queued, but of which the stream has not told so far. */
  readonly #queued = new Map<string, QueuedJob>();
  #stream: QueueStream | undefined;
  #isAway = false;
  #isClosed = false;

  private constructor(queue: JobQueue, control: StreamWriter, listener: (news: EngineNews) => void) {
    this.#queue = queue;
    this.#control = control;
    this.#listener = listener;
  }

  static async open(
    parts: BullmqParts,
    name: string,
    listener: (news: EngineNews) => void,
    onProblem: (error: unknown) => void,
  ): Promise<BullmqLink> {
    const [queue, control] = [parts.queue(name), parts.writer(controlOf(name))];
    control.on("error", onProblem);
    const link = new BullmqLink(queue, control, listener);
    queue.on("error", (error) => {
      onProblem(error);
      void link.#awaitReturn();
    });
    await Promise.all([queue.waitUntilReady(), control.waitUntilReady()]);
    await link.#begin(parts, name, onProblem);
    return link;
  }

  async #begin(parts: BullmqParts, name: string, onProblem: (error: unknown) => void): Promise<void> {
    this.#stream = await openStream(parts, name, onProblem, (stream) => this.#hear(stream));
  }

  /**
   * BullMQ ignores a new job if it still has one with the same id, but its stream tells of that:
   * asking before would take one more call for each job.
   */
  async submit(job: QueuedJob): Promise<void> {
    const { id, name, data } = job;
    this.#queued.set(id, job);
    await this.#queue.add(name, toQueue(data), {
      jobId: id,
      attempts: 1,
      removeOnComplete: { age: KEEP_DONE_S },
      removeOnFail: { age: KEEP_FAILED_S },
    });
  }

  async stateOf(id: string): Promise<JobState> {
    if (await this.#replaceEnded(id)) return "queued";
    const state = await this.#queue.getJobState(id);
    if (state === "unknown") return "unknown";
    if (state === "completed") {
      const job = await this.#queue.getJob(id);
      if (job !== undefined) this.#listener({ kind: "done", id, result: fromQueue(job.returnvalue) });
      return "done";
    }
    if (state === "failed") {
      await this.#hearFailure(id, "see the log of the worker");
      return "failed";
    }
    return state === "active" ? "running" : "queued";
  }

  async cancel(id: string): Promise<void> {
    const isRemoved = await this.#queue.remove(id).catch(() => 0);
    // The stream of PostgreSQL does not tell that a job was removed.
    if (isRemoved === 1) this.#listener({ kind: "removed", id });
    else await this.#control.publishEvent({ eventName: "cancel", jobId: id });
  }

  async slots(): Promise<readonly number[]> {
    const workers = await this.#queue.getWorkers();
    return workers.map(({ rawname = "" }) => Number(/:w:(\d+)@/.exec(rawname)?.[1] ?? 1));
  }

  async limit({ atOnce, rate }: QueueLimits): Promise<void> {
    const queue = this.#queue;
    await (atOnce === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(atOnce));
    await (rate === undefined ? queue.removeGlobalRateLimit() : queue.setGlobalRateLimit(rate.limit, rate.intervalMs));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#stream?.close(), this.#control.close(), this.#queue.close()]);
  }

  /** Tells the run when the server answers again. */
  async #awaitReturn(): Promise<void> {
    if (this.#isAway) return;
    this.#isAway = true;
    while (this.#isAway && !this.#isClosed) {
      try {
        await this.#queue.getJobCounts();
        this.#isAway = false;
      } catch {
        await sleep(PAUSE_MS, undefined, { ref: false });
      }
    }
    await sleep(CATCH_UP_MS, undefined, { ref: false });
    if (!this.#isClosed) this.#listener({ kind: "reconnected" });
  }

  /** Queues a job again that BullMQ ignored since it keeps one with the same id that has ended. */
  async #replaceEnded(id: string): Promise<boolean> {
    const job = this.#queued.get(id);
    if (job === undefined) return false;
    const state = await this.#queue.getJobState(id);
    const hasEnded = state === "failed" || state === "completed";
    if (hasEnded) {
      await this.#queue.remove(id);
      await this.submit(job);
    } else this.#queued.delete(id);
    return hasEnded;
  }

  #hear(stream: QueueStream): void {
    stream.on("added", ({ jobId }) => this.#queued.delete(String(jobId)));
    stream.on("duplicated", ({ jobId }) => void this.#replaceEnded(String(jobId)).catch(() => {}));
    stream.on("progress", ({ jobId, data }) =>
      this.#listener({ kind: "progress", id: String(jobId), data: fromQueue(data) }),
    );
    stream.on("completed", ({ jobId, returnvalue }) =>
      this.#listener({ kind: "done", id: String(jobId), result: fromQueue(returnvalue) }),
    );
    stream.on("removed", ({ jobId }) => this.#listener({ kind: "removed", id: String(jobId) }));
    stream.on("failed", ({ jobId, failedReason }) => void this.#hearFailure(String(jobId), String(failedReason)));
  }

  /**
   * A worker leaves its error as the last progress of its job, which is kept longer than the
   * stream.
   */
  async #hearFailure(id: string, reason: string): Promise<void> {
    try {
      const job = await this.#queue.getJob(id);
      if (job === undefined) this.#listener({ kind: "removed", id });
      // Nothing is reported if another run has queued the job again meanwhile.
      else if ((await job.getState()) === "failed") await this.#tellFailure(id, job, reason);
    } catch {
      // The server is away. The run asks for the state of the job when it is back.
    }
  }

  async #tellFailure(id: string, job: KeptJob, reason: string): Promise<void> {
    const progress = fromQueue(job.progress);
    const error = isJsonObject(progress) ? progress.error : undefined;
    // Otherwise, the server was away when the worker told how the job has ended. If its payload was
    // generated, the next worker sees that.
    if (error !== undefined || job.failedReason === LOST || job.attemptsMade >= MOST_UNTOLD)
      this.#listener({ kind: "failed", id, error, reason });
    else await job.retry("failed");
  }
}
