import { hostname } from "node:os";
import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { EngineServer, ServeOptions } from "../engine.ts";
import { MOST_LOSSES } from "../job-message.ts";
import { controlOf } from "./bullmq-link.ts";
import type { ActiveJob, BullmqParts, JobQueue, JobWorker, QueueStream } from "./connection.ts";
import { openStream } from "./open-stream.ts";
import { fromQueue, shownText, toQueue } from "./queued-json.ts";

/** How long a job that was put back waits, so that another worker may take it. */
const RETURNED_MS = 1000;
/** How long the worker remembers that a job was cancelled which does not run here. */
const CANCELLED_MS = 2000;
/** A worker of BullMQ that does jobs of persistables. */
export class BullmqServer implements EngineServer {
  readonly #parts: BullmqParts;
  readonly #options: ServeOptions;
  readonly #queue: JobQueue;
  /** Jobs that were cancelled before they began here. */
  readonly #cancelled = new Set<string>();
  #worker: JobWorker | undefined;
  #control: QueueStream | undefined;

  private constructor(parts: BullmqParts, name: string, options: ServeOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = parts.queue(name);
    this.#queue.on("error", options.onProblem);
  }

  /** @param lockMs - a job counts as lost if its lock was not renewed for this time */
  static async open(parts: BullmqParts, name: string, lockMs: number, options: ServeOptions): Promise<BullmqServer> {
    const server = new BullmqServer(parts, name, options);
    await server.#begin(name, lockMs);
    return server;
  }

  async #begin(name: string, lockMs: number): Promise<void> {
    const { slots, onProblem } = this.#options;
    await this.#queue.waitUntilReady();
    this.#control = await openStream(this.#parts, controlOf(name), onProblem, (stream) =>
      stream.on("cancel", ({ jobId }) => this.#cancel(String(jobId))),
    );
    const worker = this.#parts.worker(name, (job, token, signal) => this.#do(job, token, signal), {
      // A run can only see the name of a worker, so the name tells the number of slots.
      name: `${slots}@${hostname()}`.slice(0, 20),
      concurrency: slots,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 3),
      maxStalledCount: MOST_LOSSES,
    });
    worker.on("error", onProblem);
    this.#worker = worker;
    await worker.waitUntilReady();
  }

  counts(): Promise<Readonly<Record<string, number>>> {
    return this.#queue.getJobCounts();
  }

  pause(): void {
    void this.#worker?.pause(true).catch(this.#options.onProblem);
  }

  resume(): void {
    void this.#worker?.resume().catch(this.#options.onProblem);
  }

  async drain(): Promise<void> {
    await this.#worker?.close();
    await this.#closeRest();
  }

  async close(): Promise<void> {
    await this.#worker?.close(true);
    await this.#closeRest();
  }

  async #closeRest(): Promise<void> {
    await Promise.all([this.#control?.close(), this.#queue.close()]);
  }

  /** BullMQ's worker does not know a job yet that it has just taken out of the queue. */
  #cancel(id: string): void {
    if (this.#worker?.cancelJob(id) === true) return;
    this.#cancelled.add(id);
    setTimeout(() => this.#cancelled.delete(id), CANCELLED_MS).unref();
  }

  async #do(job: ActiveJob, token: string | undefined, signal: AbortSignal | undefined): Promise<JsonValue> {
    const told: Promise<void>[] = [];
    const isCancelled = this.#cancelled.delete(job.id ?? "");
    const jobSignal = isCancelled ? AbortSignal.abort() : (signal ?? new AbortController().signal);
    const ending = await this.#options.handle({
      id: job.id ?? "",
      data: fromQueue(job.data),
      isRepeated: job.attemptsStarted > 1,
      losses: job.stalledCounter,
      signal: jobSignal,
      tell: (progress) => {
        told.push(job.updateProgress(toQueue(progress)).catch(this.#options.onProblem));
      },
    });
    await Promise.all(told);
    if (ending.kind === "done") return toQueue(ending.result);
    if (ending.kind === "returned" && !jobSignal.aborted) {
      await job.moveToDelayed(Date.now() + RETURNED_MS, token);
      throw this.#parts.delayed();
    }
    // A job that was cancelled is not put back: the run that has cancelled it does not ask again.
    const { error, message } =
      ending.kind === "failed" ? ending : { error: { cancelled: true }, message: "The run has cancelled it." };
    await job.updateProgress(toQueue({ error }));
    const failure = this.#parts.failed(shownText(message));
    // Dashboards show the stack, which would be that of this library, so the message replaces it.
    failure.stack = shownText(message);
    throw failure;
  }
}
