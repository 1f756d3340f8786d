import { isError } from "../../errors/error-kind.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { UnshareableError, WorkerCrashedError, WorkerModuleError } from "../../errors/worker-errors.ts";
import { onAbort } from "../../util/concurrency/on-abort.ts";
import { noteSecrets, type Redaction } from "../secrets/redaction.ts";
import { carryError, restoreError } from "./carried-error.ts";
import { unpackSecrets } from "./packed-value.ts";
import { registeredTsx } from "./typescript-loader.ts";
import type { MessageToWorker, Numbered, WorkerJob, WorkerNews, WorkerOutcome } from "./worker-message.ts";

type Worker = import("node:worker_threads").Worker;
export type DoneByWorker = Extract<WorkerOutcome, { kind: "done" }>;

/** One job for a thread, with the functions and values that the main thread needs for it. */
export interface WorkerTask {
  readonly name: string;
  readonly job: WorkerJob;
  readonly redaction: Redaction;
  readonly signal: AbortSignal;
  onNews(news: WorkerNews): void;
}

/** The time that a generator has to react to its signal before its thread is stopped. */
const GRACE_MS = 1000;

/**
 * The code that a thread starts with. It only imports, so that every module system and loader takes
 * it.
 */
const bootSource =
  'import(process.getBuiltinModule("node:worker_threads").workerData.persistableEntry).then(({ serveWorker }) => serveWorker());';

interface Current {
  readonly jobId: number;
  readonly task: WorkerTask;
  resolve(done: DoneByWorker): void;
  reject(error: unknown): void;
}

/** One thread, which does one job at a time. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #onEnd: () => void;
  #current: Current | undefined;
  #count = 0;
  #failure: unknown;
  /** The redaction of the last task, for a failure after its end. */
  #redaction: Redaction | undefined;
  /** False once the thread has ended, or is about to. */
  isUsable = true;

  /** The thread inherits the flags of the process. What they registered, it registers again. */
  constructor(entryUrl: string, onEnd: () => void) {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    this.#onEnd = onEnd;
    this.#worker = new Worker(bootSource, {
      eval: true,
      name: "persistable generator",
      workerData: { persistableEntry: entryUrl, tsx: registeredTsx() },
    });
    this.#worker.on("message", (message: WorkerNews & Numbered) => this.#handle(message));
    this.#worker.on("messageerror", (error) => this.#current?.reject(error));
    this.#worker.on("error", (error) => {
      this.#failure = error;
    });
    this.#worker.on("exit", (exitCode) => this.#ended(exitCode));
    this.#worker.unref();
  }

  /**
   * Does one job. If its signal aborts, this rejects with the reason, at the latest when the thread
   * has been stopped.
   */
  async run(task: WorkerTask): Promise<DoneByWorker> {
    const jobId = ++this.#count;
    this.#redaction = task.redaction;
    let timer: NodeJS.Timeout | undefined;
    let stopListening = (): void => {};
    this.#worker.ref();
    try {
      return await new Promise<DoneByWorker>((resolve, reject) => {
        this.#current = { jobId, task, resolve, reject };
        this.#start(jobId, task);
        stopListening = onAbort(task.signal, () => {
          this.#post({ kind: "abort", jobId, reason: carryError(task.signal.reason) });
          timer = setTimeout(() => void this.stop(), GRACE_MS);
        });
      });
    } finally {
      this.#current = undefined;
      clearTimeout(timer);
      stopListening();
      this.#worker.unref();
    }
  }

  async stop(): Promise<void> {
    this.isUsable = false;
    await this.#worker.terminate();
  }

  #start(jobId: number, { name, job, redaction }: WorkerTask): void {
    try {
      this.#post({ kind: "run", jobId, job });
    } catch (error) {
      const { message } = redaction.error(error);
      throw new UnshareableError(`The params of ${visibleLine(name)} cannot go to a worker thread: ${message}`, {
        cause: redaction.cause(error),
      });
    }
  }

  #post(message: MessageToWorker): void {
    this.#worker.postMessage(message);
  }

  #handle(message: (WorkerNews | WorkerOutcome) & Partial<Numbered>): void {
    const current = this.#current;
    // This is late news of an earlier job, or a message that the user's code has posted.
    if (current === undefined || message?.jobId !== current.jobId) return;
    if (message.kind === "done") current.resolve(message);
    else if (message.kind === "failed") current.reject(errorOf(message, current.task.signal));
    else current.task.onNews(message);
  }

  #ended(exitCode: number): void {
    this.isUsable = false;
    const current = this.#current;
    if (current === undefined) {
      if (this.#failure !== undefined) process.emitWarning(warningOf(this.#failure, this.#redaction));
    } else if (current.task.signal.aborted) {
      current.reject(current.task.signal.reason);
    } else {
      const { name, redaction } = current.task;
      const options = this.#failure === undefined ? undefined : { cause: redaction.cause(this.#failure) };
      current.reject(new WorkerCrashedError(name, exitCode, options));
    }
    this.#onEnd();
  }
}

function errorOf(
  { error, secrets, isReason, isModuleProblem }: Extract<WorkerOutcome, { kind: "failed" }>,
  signal: AbortSignal,
) {
  if (isReason) return signal.reason;
  const restored = restoreError(error);
  noteSecrets(restored, unpackSecrets(secrets));
  if (!isModuleProblem || !isError(restored)) return restored;
  return new WorkerModuleError(restored.message, restored.cause === undefined ? undefined : { cause: restored.cause });
}

function warningOf(failure: unknown, redaction: Redaction | undefined): string {
  const { stack, message } = redaction?.error(failure) ?? { message: "nothing is known of it" };
  return `A worker thread failed after its generator had ended: ${stack ?? message}`;
}
