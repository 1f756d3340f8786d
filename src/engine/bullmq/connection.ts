import type { BackendFactory, IQueueBackend, JobProgress, JobState, JobsOptions, WorkerOptions } from "bullmq";
import { messageOf } from "../../errors/error-kind.ts";
import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { EngineUnreachableError } from "../../errors/worker-errors.ts";
import { loadBullmq, loadPostgresClient, loadRedisClient } from "../../util/peers/peers.ts";
import { endWhenSilent, SILENT_MS } from "./end-when-silent.ts";
import { LateEvents } from "./late-events.ts";
import { schemeOf, shownUrl } from "./shown-url.ts";

/** The methods that all connections of BullMQ have. */
interface Connected {
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
}

/** A job as it is in its queue. */
export interface KeptJob {
  readonly progress: unknown;
  readonly returnvalue: unknown;
  readonly failedReason: string;
  readonly attemptsMade: number;
  retry(state: "failed"): Promise<void>;
  getState(): Promise<JobState | "unknown">;
}

/** A queue of BullMQ. The queues of all kinds of servers have these methods. */
export interface JobQueue extends Connected {
  add(name: string, data: unknown, options: JobsOptions): Promise<unknown>;
  getJob(id: string): Promise<KeptJob | undefined>;
  getJobState(id: string): Promise<JobState | "unknown">;
  getJobCounts(): Promise<Record<string, number>>;
  getWorkers(): Promise<readonly Readonly<Record<string, string>>[]>;
  remove(id: string): Promise<number>;
  setGlobalConcurrency(atOnce: number): Promise<unknown>;
  removeGlobalConcurrency(): Promise<unknown>;
  setGlobalRateLimit(limit: number, intervalMs: number): Promise<unknown>;
  removeGlobalRateLimit(): Promise<unknown>;
}

/** The stream of what happens in a queue. */
export interface QueueStream extends Connected {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: string, listener: (news: Readonly<Record<string, unknown>>) => void): unknown;
}

/** Writes events of our own into such a stream. */
export interface StreamWriter extends Connected {
  publishEvent(event: { readonly eventName: string; readonly jobId?: string }): Promise<void>;
}

/** A job that this process does. */
export interface ActiveJob {
  readonly id?: string | undefined;
  readonly data: unknown;
  /** How often a worker has begun it, this time included. */
  readonly attemptsStarted: number;
  /** How often its lock has lapsed. */
  readonly stalledCounter: number;
  updateProgress(progress: JobProgress): Promise<void>;
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
}

/** BullMQ only passes a signal if the function has three parameters. */
export type DoJob = (job: ActiveJob, token: string | undefined, signal: AbortSignal | undefined) => Promise<unknown>;

/** A worker of BullMQ. */
export interface JobWorker extends Connected {
  cancelJob(id: string): boolean;
  pause(withoutWaiting: boolean): Promise<void>;
  resume(): Promise<void>;
}

/** The parts of BullMQ for one server. */
export interface BullmqParts {
  queue(name: string): JobQueue;
  stream(name: string): QueueStream;
  writer(name: string): StreamWriter;
  worker(name: string, doJob: DoJob, options: Omit<WorkerOptions, "connection">): JobWorker;
  /** Thrown by a function that has put its job back. */
  delayed(): Error;
  /** Thrown by a function whose job has failed for good. */
  failed(message: string): Error;
}

/** How long the first connection may take. */
const CONNECT_MS = 15_000;
/** A reader looks for events after this time at the latest: PostgreSQL may not wake it. */
const QUIET_MS = 1000;
/** The same for workers that wait for jobs, in seconds, and how soon they go on after a failure. */
const TIMES = { drainDelay: 1, runRetryDelay: 1000 };

/**
 * Loads the packages that the server of this URL needs, and connects once, so that a wrong URL is
 * reported at once.
 *
 * @throws {@link EngineUnreachableError}, {@link MissingPeerError}, {@link InvalidRunOptionsError}
 */
export function openParts(url: string): Promise<BullmqParts> {
  const scheme = schemeOf(url);
  if (scheme === "redis" || scheme === "rediss") return openRedis(url);
  if (scheme === "postgres" || scheme === "postgresql") return openPostgres(url);
  throw new InvalidRunOptionsError(
    `No engine is known for ${scheme === undefined ? "a text without a scheme" : `${scheme}:`}. Give redis://, rediss:// or postgres://; in the command also embedded.`,
  );
}

async function openRedis(url: string): Promise<BullmqParts> {
  const [bullmq, { Redis }] = await Promise.all([loadBullmq(), loadRedisClient()]);
  const trial = new Redis(url, { lazyConnect: true, connectTimeout: CONNECT_MS, retryStrategy: () => null });
  let problem: unknown;
  trial.on("error", (error) => {
    problem = error;
  });
  try {
    await trial.connect();
    await trial.ping();
  } catch (cause) {
    throw unreachable(url, problem ?? cause);
  } finally {
    trial.disconnect();
  }
  // Commands wait while the server is away, and are sent when it is back.
  const connection = { url, maxRetriesPerRequest: null };
  const backend: typeof bullmq.createRedisBackend = (...args) => {
    const created = bullmq.createRedisBackend(...args);
    void endWhenSilent(created.client);
    void endWhenSilent(created.blockingClient);
    return created;
  };
  return partsOf(bullmq, { connection, backend, firstEvent: "0-0" });
}

async function openPostgres(url: string): Promise<BullmqParts> {
  const [bullmq, { default: pg }] = await Promise.all([loadBullmq(), loadPostgresClient()]);
  const trial = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  trial.on("error", () => {});
  try {
    await trial.connect();
    await trial.end();
  } catch (cause) {
    throw unreachable(url, cause);
  }
  // By default each queue would have up to ten connections, and a server lets in a hundred.
  const connection = { connectionString: url, migrate: true, max: 3, keepAlive: true, query_timeout: SILENT_MS };
  const backend: typeof bullmq.createPostgresBackend = (...args) => {
    const created = bullmq.createPostgresBackend(...args);
    created.readEvents = new LateEvents(created.readEvents.bind(created)).read;
    return created;
  };
  return partsOf(bullmq, { connection, backend, firstEvent: "0" });
}

/** A kind of server, as BullMQ is told about it. */
interface ServerKind<Backend extends IQueueBackend, Connection> {
  readonly connection: Connection;
  readonly backend: BackendFactory<Backend, Connection>;
  /** The id before that of the first event of a stream. */
  readonly firstEvent: string;
}

function partsOf<Backend extends IQueueBackend, Connection>(
  bullmq: typeof import("bullmq"),
  { connection, backend, firstEvent }: ServerKind<Backend, Connection>,
): BullmqParts {
  return {
    queue: (name) => new bullmq.Queue(name, { connection }, backend),
    stream: (name) =>
      new bullmq.QueueEvents(name, { connection, lastEventId: firstEvent, blockingTimeout: QUIET_MS }, backend),
    writer: (name) => new bullmq.QueueEventsProducer(name, { connection }, backend),
    worker: (name, doJob, options) =>
      new bullmq.Worker(name, asProcessor(doJob), { ...TIMES, ...options, connection }, backend),
    delayed: () => new bullmq.DelayedError(),
    failed: (message) => new bullmq.UnrecoverableError(message),
  };
}

function asProcessor(doJob: DoJob): DoJob {
  return (job, token, signal) => doJob(job, token, signal);
}

function unreachable(url: string, cause: unknown): EngineUnreachableError {
  const message = messageOf(cause) === "" ? String(cause) : messageOf(cause);
  return new EngineUnreachableError(shownUrl(url), message, { cause });
}
