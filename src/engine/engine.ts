import type { JsonObject, JsonValue } from "../canonical/tagged-json.ts";

/** Carries nodes from a run to workers elsewhere. `persistable-ts/engines/bullmq` makes one. */
export interface Engine {
  /** The URL of the engine's server, without user and password. */
  readonly url: string;
  /** The user's name for the code of the run; if absent, the digest of its modules is used. */
  readonly code: string | undefined;
  /** How long a run waits for a first worker; without an end by default. */
  readonly workersWithinMs: number | undefined;
  /**
   * Connects a run to a queue.
   *
   * @throws {@link EngineUnreachableError}
   */
  connect(queue: string, listener: (news: EngineNews) => void, run: RunPlace): Promise<EngineLink>;
  /**
   * Takes jobs out of a queue, at most `slots` at a time.
   *
   * @throws {@link EngineUnreachableError}
   */
  serve(queue: string, options: ServeOptions): Promise<EngineServer>;
}

/** The place of a run, for an engine that starts workers itself. */
export interface RunPlace {
  /** The URL of the store of the run. */
  readonly dataDir: string;
}

/** A run, connected to its queue. */
export interface EngineLink {
  /**
   * Queues a job, unless one with its id is queued or running. A job that has failed is replaced.
   */
  submit(job: QueuedJob): Promise<void>;
  /**
   * Returns the state of a job. If the job has ended, its news is sent again, since the run may
   * have missed it.
   */
  stateOf(id: string): Promise<JobState>;
  /** Removes a job that waits, and aborts one that runs. */
  cancel(id: string): Promise<void>;
  /** How many jobs the workers of this queue do at a time, one number for each worker. */
  slots(): Promise<readonly number[]>;
  /** Sets the limits of this queue for the jobs of all runs, in place of those set before. */
  limit(limits: QueueLimits): Promise<void>;
  close(): Promise<void>;
}

/** The limits of a queue for all its workers together. */
export interface QueueLimits {
  /** How many jobs may run at the same time. */
  readonly atOnce?: number | undefined;
  /** How many jobs may begin in an interval. */
  readonly rate?: { readonly limit: number; readonly intervalMs: number } | undefined;
}

/** A job of a run. Its id is the address of a payload. */
export interface QueuedJob {
  readonly id: string;
  /** Shown by dashboards. */
  readonly name: string;
  readonly data: JsonObject;
}

/** The state of a job in its queue; `unknown` once it is removed, or was done long ago. */
export type JobState = "queued" | "running" | "done" | "failed" | "unknown";

/**
 * News of a job. They may come twice, late or never, so only the store shows which payloads exist.
 */
export type EngineNews =
  | { readonly kind: "progress"; readonly id: string; readonly data: JsonValue }
  | { readonly kind: "done"; readonly id: string; readonly result: JsonValue }
  /** `error` is what the worker told; it is absent if the worker was lost. */
  | { readonly kind: "failed"; readonly id: string; readonly error: JsonValue | undefined; readonly reason: string }
  | { readonly kind: "removed"; readonly id: string }
  /** The server was away, and may have lost jobs and news. */
  | { readonly kind: "reconnected" };

/** How a worker takes jobs. */
export interface ServeOptions {
  /** How many jobs the worker does at the same time. */
  readonly slots: number;
  /** Does one job, and tells how it ended. */
  readonly handle: (job: ServedJob) => Promise<JobEnding>;
  /** Called when the connection fails. The engine then opens it again. */
  readonly onProblem: (error: unknown) => void;
}

/** A job as a worker gets it. */
export interface ServedJob {
  readonly id: string;
  readonly data: JsonValue;
  /** Whether a worker has begun the job before, and was lost or has put it back. */
  readonly isRepeated: boolean;
  /** How many workers were lost with the job; absent if the engine does not count them. */
  readonly losses?: number | undefined;
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
  /** Takes no further job until {@link resume}, except one that is on its way. */
  pause(): void;
  /** Takes jobs again. */
  resume(): void;
  /** Takes no further job, and resolves when the running jobs have ended. */
  drain(): Promise<void>;
  /** Ends at once. The jobs that run go to other workers. */
  close(): Promise<void>;
}
