import type { JsonObject, JsonValue } from "../canonical/tagged-json.ts";

/** Carries nodes from a run to workers elsewhere. `persistable-ts/engines/bullmq` makes one. */
export interface Engine {
  /** The URL of its server, without user and password. */
  readonly url: string;
  /** Names the code of the run, instead of the digest of its modules. */
  readonly code: string | undefined;
  /** How long a run waits for a first worker; without an end by default. */
  readonly workersWithinMs: number | undefined;
  /**
   * Connects a run to a queue.
   *
   * @throws {@link EngineUnreachableError}
   */
  connect(queue: string, listener: (news: EngineNews) => void): Promise<EngineLink>;
  /**
   * Takes jobs out of a queue, at most `slots` at a time.
   *
   * @throws {@link EngineUnreachableError}
   */
  serve(queue: string, options: ServeOptions): Promise<EngineServer>;
}

/** A run, connected to its queue. */
export interface EngineLink {
  /** Queues a job, unless one with its id is queued or running. What failed earlier is replaced. */
  submit(job: QueuedJob): Promise<void>;
  /** Also tells a failure again, of which the run may have missed the news. */
  stateOf(id: string): Promise<JobState>;
  /** Removes a job that waits, and aborts one that runs. */
  cancel(id: string): Promise<void>;
  /** How many jobs the workers of this queue do at a time, one number for each worker. */
  slots(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** A job of a run. Its id is the address of a payload. */
export interface QueuedJob {
  readonly id: string;
  /** Shown by dashboards. */
  readonly name: string;
  readonly data: JsonObject;
}

/** The state of a job in its queue; `unknown` once it is done or removed. */
export type JobState = "queued" | "running" | "failed" | "unknown";

/** News of a job. They may come twice, late or never: the store has the truth. */
export type EngineNews =
  | { readonly kind: "progress"; readonly id: string; readonly data: JsonValue }
  | { readonly kind: "done"; readonly id: string; readonly result: JsonValue }
  /** `error` is what the worker told; it is absent if the worker was lost. */
  | { readonly kind: "failed"; readonly id: string; readonly error: JsonValue | undefined; readonly reason: string }
  | { readonly kind: "removed"; readonly id: string };

/** How a worker takes jobs. */
export interface ServeOptions {
  readonly slots: number;
  readonly handle: (job: ServedJob) => Promise<JobEnding>;
  /** Hears of failures of the connection, which is opened again. */
  readonly onProblem: (error: unknown) => void;
}

/** A job as a worker gets it. */
export interface ServedJob {
  readonly id: string;
  readonly data: JsonValue;
  /** Aborted if the run that queued the job has cancelled it. */
  readonly signal: AbortSignal;
  tell(progress: JsonObject): void;
}

/** How a job has ended. `returned` puts it back into the queue for another worker. */
export type JobEnding =
  | { readonly kind: "done"; readonly result: JsonObject }
  | { readonly kind: "failed"; readonly error: JsonObject; readonly message: string }
  | { readonly kind: "returned" };

/** A worker that takes jobs out of a queue. */
export interface EngineServer {
  /** The number of jobs in the queue by state. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** Takes no further job, and resolves when those that run have ended. */
  drain(): Promise<void>;
  /** Ends at once. The jobs that run go to other workers. */
  close(): Promise<void>;
}
