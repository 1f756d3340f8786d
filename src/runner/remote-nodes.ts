import { fileURLToPath } from "node:url";
import { asUrl, locateDefinition } from "../artifact/provenance/defining-module.ts";
import type { JsonObject } from "../canonical/tagged-json.ts";
import { fingerprintOfCode } from "../engine/code-fingerprint.ts";
import type { Engine, EngineLink, EngineNews, QueueLimits } from "../engine/engine.ts";
import { BATCH_MS, batchOf, type JobResult, rowsForMessage } from "../engine/job-message.ts";
import { type NodeEnding, parseNews } from "../engine/job-news.ts";
import { errorFromJson } from "../engine/json-error.ts";
import { NO_POOL, poolOf } from "../engine/pool-of.ts";
import { poolQueueName, queueName } from "../engine/queue-name.ts";
import { describeRow, describeUntracked } from "../engine/recipe-row.ts";
import { RowWriter } from "../engine/stored-rows.ts";
import { InvalidRunOptionsError } from "../errors/pipeline-errors.ts";
import { NoWorkersError, UnshareableError, WorkerLostError } from "../errors/worker-errors.ts";
import { withSourcePolicy } from "../persistable/context/work-source-policy.ts";
import type { SourceChangePolicy } from "../persistable/declare/declaration.ts";
import type { State } from "../persistable/declare/state.ts";
import { isPersisted } from "../persistable/load/explain.ts";
import { missesOf, type PlanGraph } from "../pipeline/plan/plan-graph.ts";
import type { Store } from "../store/store.ts";
import { onAbort } from "../util/concurrency/on-abort.ts";
import { delay } from "../util/concurrency/retry.ts";
import { randomHex } from "../util/random-hex.ts";
import { type Batch, inBatches, type RemoteJob, type RemoteNode, rejectAll, withLosses } from "./node-batches.ts";
import type { Attempt, ProduceOptions } from "./produce-node.ts";
import type { RateLimit, RunSettings } from "./run-options.ts";

/** How often a run asks for news that it may have missed, and for the number of workers. */
const SWEEP_MS = 30_000;
/** How long a worker may take to end a generator that was aborted. */
const GRACE_MS = 10_000;
/** How long the server may be away while a job is queued. */
const MOST_SUBMITS = 600;

/**
 * Connects a run to the workers of its engine; undefined if nothing is to be generated.
 *
 * @throws {@link UnshareableError} before anything is queued, if a node cannot travel;
 * {@link EngineUnreachableError}, {@link InvalidRunOptionsError}
 */
export async function openRemoteNodes(
  graph: PlanGraph,
  settings: RunSettings,
  engine: Engine,
  signal: AbortSignal,
): Promise<RemoteNodes | undefined> {
  const [first] = missesOf(graph);
  const state = first?.[1] ?? graph.states.find((_, node) => graph.forced[node] === 1);
  if (state === undefined) return undefined;
  if (settings.keepGoing === "everything")
    throw new InvalidRunOptionsError('keepGoing: "everything" is for one process. Give "independent" with on.');
  const store = onlyStore(graph.states);
  // Every node is described now, so that one that cannot be sent fails the run at once. The rows
  // are not kept, since they would take too much memory.
  for (const each of graph.states) describeRow(each);
  const untracked = describeUntracked(settings.untracked);
  const name = await queueName(engine.code ?? codeOf(state), store);
  const nodes = new RemoteNodes({ store, untracked, engine, signal, sourcePolicy: graph.onSourceChange });
  await nodes.connect(name, limitsOfPools(graph, settings));
  return nodes;
}

/** The pools that have queues of their own in this run, with the limits for all runs together. */
function limitsOfPools({ states }: PlanGraph, { pools = {}, rateLimits = {} }: RunSettings): Map<string, QueueLimits> {
  const names = new Set(states.map(({ declaration }) => poolOf(declaration)));
  return new Map(Array.from(names, (name) => [name, limitsOf(pools[name], rateLimits[name])]));
}

/** A queue counts whole jobs. */
function limitsOf(capacity: number | undefined, rate: RateLimit | undefined): QueueLimits {
  return {
    atOnce:
      capacity === undefined || capacity === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.floor(capacity)),
    rate: rate && { limit: Math.max(1, Math.floor(rate.limit)), intervalMs: Math.ceil(rate.intervalMs) },
  };
}

function onlyStore(states: readonly State[]): Store {
  const stores = new Map(states.map(({ surroundings }) => [surroundings.store.url, surroundings.store]));
  const [store, ...others] = stores.values();
  if (store === undefined || others.length > 0)
    throw new UnshareableError(
      `The run has artifacts in ${[...stores.keys()].join(" and ")}. With on, all of them must be in one store.`,
    );
  if (store.url.startsWith("memory:"))
    throw new UnshareableError(`The store ${store.url} is in this process. Give a folder that is shared, or a bucket.`);
  return store;
}

/** The code of the module that defines a persistable, or else of the script that was started. */
function codeOf({ declaration, recipe }: State): string {
  const url = asUrl(locateDefinition(declaration.trace) ?? process.argv[1] ?? "none:");
  if (!url.startsWith("file:"))
    throw new UnshareableError(
      `The module that defines ${recipe.name} cannot be found. Give its code a name, here and for the workers: code.`,
    );
  return fingerprintOfCode(fileURLToPath(url));
}

interface RemoteOptions {
  readonly store: Store;
  readonly untracked: JsonObject | undefined;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly sourcePolicy: SourceChangePolicy | undefined;
}

/**
 * The nodes of a run that workers elsewhere generate. Only nodes that are ready are queued. News
 * are only a hint: the store decides whether a payload exists.
 */
export class RemoteNodes {
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #untracked: JsonObject | undefined;
  readonly #signal: AbortSignal;
  readonly #sourcePolicy: SourceChangePolicy | undefined;
  readonly #rows: RowWriter;
  /** Nodes that go into the queue at the end of this turn. */
  readonly #ready: RemoteNode[] = [];
  readonly #jobs = new Map<string, RemoteJob>();
  /** Makes the ids of forced nodes and of batches differ from those of other runs. */
  readonly #token = randomHex(4);
  /** How long nodes have taken lately on average, by their name. */
  readonly #usualMs = new Map<string, number>();
  /** The pools with a rate limit: the queue would count a batch as one node. */
  readonly #ratedPools = new Set<string>();
  /** How many nodes have not ended. */
  #nodes = 0;
  #batches = 0;
  readonly #openedMs = performance.now();
  /** The queues of the run, by the pool of their nodes. */
  readonly #links = new Map<string, EngineLink>();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => {};
  readonly #poolsWithoutWorkers = new Set<string>();
  #slots = 0;
  #hasSeenWorkers = false;
  #hasWarned = false;
  #isClosed = false;

  constructor({ store, untracked, engine, signal, sourcePolicy }: RemoteOptions) {
    this.#store = store;
    this.#untracked = untracked;
    this.#engine = engine;
    this.#signal = signal;
    this.#sourcePolicy = sourcePolicy;
    this.#rows = new RowWriter(store);
  }

  /** How many generators the workers run at a time, as far as that is known. */
  get slots(): number {
    return Math.max(1, this.#slots);
  }

  /** @param pools - the limits of the pools whose nodes have queues of their own */
  async connect(queue: string, pools: ReadonlyMap<string, QueueLimits>): Promise<void> {
    const place = { dataDir: this.#store.url };
    const opening = Array.from(pools, async ([pool, limits]) => {
      const link = await this.#engine.connect(poolQueueName(queue, pool), (news) => this.#hear(news), place);
      this.#links.set(pool, link);
      if (limits.rate !== undefined) this.#ratedPools.add(pool);
      if (pool !== NO_POOL) await link.limit(limits);
    });
    await Promise.all(opening);
    await this.#countWorkers();
    const everyMs = Math.min(SWEEP_MS, this.#engine.workersWithinMs ?? SWEEP_MS);
    this.#timer = setInterval(() => void this.#sweep(), everyMs);
    this.#stopListening = onAbort(this.#signal, () => this.#cancelAll());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#stopListening();
    await Promise.all(Array.from(this.#links.values(), (link) => link.close()));
  }

  /** One attempt to have a node generated. */
  readonly attempt: Attempt = async (state, options, attempt, onGenerated) => {
    const { isForced, onEvent } = options;
    const { name, address } = state.recipe;
    const text = await this.#messageOf(state, options);
    this.#nodes += 1;
    const { generation } = await new Promise<JobResult>((resolve, reject) => {
      const node: RemoteNode = {
        id: isForced ? `${address}.f${this.#token}` : address,
        state,
        isForced,
        pool: poolOf(state.declaration),
        message: JSON.parse(text),
        bytes: Buffer.byteLength(text),
        expectedMs: this.#usualMs.get(name) ?? options.expectedMs ?? Number.NaN,
        onEvent: (event) => onEvent(event, attempt),
        resolve,
        reject,
      };
      if (attempt > 1 || this.#ratedPools.has(node.pool)) this.#queue([node]);
      else this.#queueSoon(node);
    }).finally(() => {
      this.#nodes -= 1;
    });
    if (generation === undefined) return;
    const { durationMs, cost, sizeBytes } = generation;
    onGenerated({ durationMs, cost, sizeBytes });
  };

  async #messageOf(state: State, { isForced, timeoutMs }: ProduceOptions): Promise<string> {
    const { name, address } = state.recipe;
    const rows = rowsForMessage(state);
    if (rows === undefined) await this.#rows.write(state);
    return JSON.stringify({
      v: 1,
      address,
      name,
      rows,
      force: isForced ? true : undefined,
      timeoutMs,
      onSourceChange: this.#sourcePolicy,
      untracked: this.#untracked,
    });
  }

  /** Queues a node at the end of this turn, in one job with others that are ready then. */
  #queueSoon(node: RemoteNode): void {
    this.#ready.push(node);
    if (this.#ready.length > 1) return;
    setImmediate(() => {
      const most = Math.ceil(this.#nodes / this.slots);
      for (const nodes of inBatches(this.#ready.splice(0), most)) this.#queue(nodes);
    });
  }

  /** Queues one job with these nodes. */
  #queue(nodes: Batch): void {
    const [{ id, pool, state, message }] = nodes;
    const isBatch = nodes.length > 1;
    const job: RemoteJob = {
      id: isBatch ? `b.${this.#token}.${++this.#batches}` : id,
      name: isBatch ? `${nodes.length} nodes` : state.recipe.name,
      data: isBatch ? batchOf(nodes.map((node) => node.message)) : message,
      pool,
      isBatch,
      nodes: new Map(nodes.entries()),
      askedMs: performance.now(),
    };
    this.#jobs.set(job.id, job);
    void this.#submit(job);
  }

  /** Queues a job, again and again while the server is away. */
  async #submit(job: RemoteJob): Promise<void> {
    // An engine may copy what it queues, and the job has functions besides.
    const { id, name, data } = job;
    for (let attempt = 1; ; attempt++) {
      if (this.#jobs.get(job.id) !== job || this.#isClosed) return;
      if (this.#signal.aborted) return rejectAll(job, this.#signal.reason);
      try {
        return await this.#links.get(job.pool)?.submit({ id, name, data });
      } catch (error) {
        if (attempt === MOST_SUBMITS) return rejectAll(job, error);
        await delay(1000);
      }
    }
  }

  #hear(news: EngineNews): void {
    if (news.kind === "reconnected") {
      void this.#sweep(0);
      return;
    }
    const job = this.#jobs.get(news.id);
    if (job === undefined) return;
    job.askedMs = performance.now();
    const { events, endings, leavesFrom, losses = 0 } = parseNews(news, job.isBatch);
    for (const { node, event } of events) job.nodes.get(node)?.onEvent(event);
    for (const ending of endings) this.#settle(job, ending);
    if (news.kind === "progress") {
      if (leavesFrom !== undefined) this.#hearOfLeaving(job, leavesFrom);
      return;
    }
    this.#jobs.delete(job.id);
    if (news.kind === "failed" && news.error === undefined && !job.isBatch)
      rejectAll(job, new WorkerLostError(job.name, news.reason));
    // The job may have been cancelled by another run, or a batch was lost: this run still wants the
    // nodes, each in a job of its own.
    else for (const node of job.nodes.values()) this.#queue([withLosses(node, losses)]);
  }

  #settle(job: RemoteJob, ending: NodeEnding): void {
    const node = job.nodes.get(ending.node);
    if (node === undefined) return;
    job.nodes.delete(ending.node);
    if ("error" in ending) node.reject(errorFromJson(ending.error));
    else {
      const { tookMs = ending.result.generation?.durationMs, result } = ending;
      if (tookMs !== undefined) this.#noteDuration(node, tookMs);
      node.resolve(result);
    }
  }

  #noteDuration({ state }: RemoteNode, tookMs: number): void {
    const { name } = state.recipe;
    this.#usualMs.set(name, 0.8 * (this.#usualMs.get(name) ?? tookMs) + 0.2 * tookMs);
  }

  /** A batch takes long, so that the worker leaves the nodes that it has not begun to others. */
  #hearOfLeaving(job: RemoteJob, leavesFrom: number): void {
    const first = job.nodes.get(0);
    if (first !== undefined) this.#noteDuration(first, BATCH_MS);
    for (const [place, node] of job.nodes) {
      if (place < leavesFrom) continue;
      job.nodes.delete(place);
      this.#queueSoon(node);
    }
  }

  /** A queue that does not answer must not keep the run from its end. */
  #cancel({ id, pool }: RemoteJob): void {
    this.#links
      .get(pool)
      ?.cancel(id)
      .catch(() => {});
  }

  #cancelAll(): void {
    for (const job of this.#jobs.values()) {
      this.#cancel(job);
      setTimeout(() => rejectAll(job, this.#signal.reason), GRACE_MS).unref();
    }
  }

  /** @param silentMs - jobs that have sent news within this time are not asked for */
  async #sweep(silentMs = SWEEP_MS): Promise<void> {
    try {
      await this.#countWorkers();
      this.#warnWithoutWorkers();
      const before = performance.now() - silentMs;
      for (const job of this.#jobs.values()) if (job.askedMs < before) await this.#ask(job);
    } catch {
      // The server is away. The next sweep asks again.
    }
  }

  /** Finds out the state of a job that has sent no news for long. */
  async #ask(job: RemoteJob): Promise<void> {
    job.askedMs = performance.now();
    const state = await this.#links.get(job.pool)?.stateOf(job.id);
    if (state !== "unknown" || this.#jobs.get(job.id) !== job) return;
    for (const [place, node] of job.nodes) {
      const look = (): Promise<boolean> => isPersisted(node.state, this.#signal);
      const isThere = !node.isForced && (await withSourcePolicy(this.#sourcePolicy, look));
      // The news may have come meanwhile.
      if (!job.nodes.delete(place)) continue;
      if (isThere) node.resolve({});
      else this.#queue([node]);
    }
    if (this.#jobs.get(job.id) === job) this.#jobs.delete(job.id);
  }

  async #countWorkers(): Promise<void> {
    const counts = await Promise.all(
      Array.from(this.#links, async ([pool, link]) => {
        const slots = await link.slots();
        if (slots.length > 0) this.#poolsWithoutWorkers.delete(pool);
        else this.#poolsWithoutWorkers.add(pool);
        return slots.reduce((sum, count) => sum + count, 0);
      }),
    );
    // A worker may serve several pools, and does no more at a time then.
    this.#slots = Math.max(...counts);
    this.#hasSeenWorkers ||= this.#slots > 0;
  }

  #warnWithoutWorkers(): void {
    const pool = Array.from(this.#jobs.values(), (job) => job.pool).find((each) => this.#poolsWithoutWorkers.has(each));
    if (pool === undefined) {
      this.#hasWarned = false;
      return;
    }
    const what =
      `No worker ${pool === NO_POOL ? "" : `for the pool ${pool} `}with the code of this run and the data directory ${this.#store.url} is connected to ${this.#engine.url}. ` +
      "Start one: persistable worker MODULE --on URL.";
    const { workersWithinMs } = this.#engine;
    if (!this.#hasSeenWorkers && workersWithinMs !== undefined && performance.now() - this.#openedMs >= workersWithinMs)
      this.#failAll(new NoWorkersError(what));
    else if (!this.#hasWarned) process.emitWarning(what, "PersistableWarning");
    this.#hasWarned = true;
  }

  #failAll(error: NoWorkersError): void {
    for (const job of this.#jobs.values()) {
      this.#cancel(job);
      rejectAll(job, error);
    }
  }
}
