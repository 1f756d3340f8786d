import { fileURLToPath } from "node:url";
import { asUrl, locateDefinition } from "../artifact/provenance/defining-module.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../canonical/tagged-json.ts";
import { fingerprintOfCode } from "../engine/code-fingerprint.ts";
import type { Engine, EngineLink, EngineNews, QueueLimits } from "../engine/engine.ts";
import { type JobResult, parseResult, rowsForMessage } from "../engine/job-message.ts";
import { errorFromJson } from "../engine/json-error.ts";
import { NO_POOL, poolOf } from "../engine/pool-of.ts";
import { poolQueueName, queueName } from "../engine/queue-name.ts";
import { describeRow, describeUntracked } from "../engine/recipe-row.ts";
import { RowWriter } from "../engine/stored-rows.ts";
import { InvalidRunOptionsError } from "../errors/pipeline-errors.ts";
import { NoWorkersError, UnshareableError, WorkerLostError } from "../errors/worker-errors.ts";
import type { PersistableEvent } from "../events/event.ts";
import { withSourcePolicy } from "../persistable/context/work-source-policy.ts";
import type { SourceChangePolicy } from "../persistable/declare/declaration.ts";
import type { State } from "../persistable/declare/state.ts";
import { isPersisted } from "../persistable/load/explain.ts";
import { missesOf, type PlanGraph } from "../pipeline/plan/plan-graph.ts";
import type { Store } from "../store/store.ts";
import { onAbort } from "../util/concurrency/on-abort.ts";
import { delay } from "../util/concurrency/retry.ts";
import type { Attempt } from "./produce-node.ts";
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

interface Waiting {
  readonly state: State;
  readonly isForced: boolean;
  readonly pool: string;
  readonly data: JsonObject;
  readonly onEvent: (event: PersistableEvent) => void;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: unknown) => void;
  askedMs: number;
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
  readonly #waiting = new Map<string, Waiting>();
  /** Makes the ids of forced jobs differ from those of other runs. */
  readonly #token = crypto.randomUUID().slice(0, 8);
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
    const opening = Array.from(pools, async ([pool, limits]) => {
      const link = await this.#engine.connect(poolQueueName(queue, pool), (news) => this.#hear(news));
      this.#links.set(pool, link);
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
  readonly attempt: Attempt = async (state, { isForced, timeoutMs, onEvent }, attempt, onGenerated) => {
    const { name, address } = state.recipe;
    const rows = rowsForMessage(state);
    if (rows === undefined) await this.#rows.write(state);
    const message = {
      v: 1,
      address,
      name,
      rows,
      force: isForced ? true : undefined,
      timeoutMs,
      onSourceChange: this.#sourcePolicy,
      untracked: this.#untracked,
    };
    const data: JsonObject = JSON.parse(JSON.stringify(message));
    const id = isForced ? `${address}.f${this.#token}` : address;
    const { generation } = await new Promise<JobResult>((resolve, reject) => {
      const tell = (event: PersistableEvent): void => onEvent(event, attempt);
      const pool = poolOf(state.declaration);
      const askedMs = performance.now();
      this.#waiting.set(id, { state, isForced, pool, data, onEvent: tell, resolve, reject, askedMs });
      void this.#submit(id);
    }).finally(() => this.#waiting.delete(id));
    if (generation === undefined) return;
    const { durationMs, cost, sizeBytes } = generation;
    onGenerated({ durationMs, cost, sizeBytes });
  };

  /** Queues a job, again and again while the server is away. */
  async #submit(id: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined || this.#isClosed) return;
      if (this.#signal.aborted) return waiting.reject(this.#signal.reason);
      try {
        return await this.#links.get(waiting.pool)?.submit({ id, name: waiting.state.recipe.name, data: waiting.data });
      } catch (error) {
        if (attempt === MOST_SUBMITS) return waiting.reject(error);
        await delay(1000);
      }
    }
  }

  #hear(news: EngineNews): void {
    if (news.kind === "reconnected") {
      void this.#sweep(0);
      return;
    }
    const waiting = this.#waiting.get(news.id);
    if (waiting === undefined) return;
    waiting.askedMs = performance.now();
    if (news.kind === "progress") {
      const event = isJsonObject(news.data) ? news.data.event : undefined;
      if (isEvent(event)) waiting.onEvent(event);
    } else if (news.kind === "done") waiting.resolve(parseResult(news.result));
    else if (news.kind === "removed" || isCancelled(news.error)) this.#hearOfCancelling(news.id, waiting);
    else if (news.error === undefined) waiting.reject(new WorkerLostError(waiting.state.recipe.name, news.reason));
    else waiting.reject(errorFromJson(news.error));
  }

  /** Handles a job that was cancelled, perhaps by another run: this run may still want it. */
  #hearOfCancelling(id: string, waiting: Waiting): void {
    if (this.#signal.aborted) waiting.reject(this.#signal.reason);
    else void this.#submit(id);
  }

  /** A queue that does not answer must not keep the run from its end. */
  #cancel(id: string, { pool }: Waiting): void {
    this.#links
      .get(pool)
      ?.cancel(id)
      .catch(() => {});
  }

  #cancelAll(): void {
    for (const [id, waiting] of this.#waiting) {
      this.#cancel(id, waiting);
      setTimeout(() => waiting.reject(this.#signal.reason), GRACE_MS).unref();
    }
  }

  /** @param silentMs - jobs that have sent news within this time are not asked for */
  async #sweep(silentMs = SWEEP_MS): Promise<void> {
    try {
      await this.#countWorkers();
      this.#warnWithoutWorkers();
      const before = performance.now() - silentMs;
      for (const [id, waiting] of this.#waiting) if (waiting.askedMs < before) await this.#ask(id, waiting);
    } catch {
      // The server is away. The next sweep asks again.
    }
  }

  /** Finds out the state of a job that has sent no news for long. */
  async #ask(id: string, waiting: Waiting): Promise<void> {
    waiting.askedMs = performance.now();
    const state = await this.#links.get(waiting.pool)?.stateOf(id);
    if (state !== "unknown" || !this.#waiting.has(id)) return;
    const look = (): Promise<boolean> => isPersisted(waiting.state, this.#signal);
    if (!waiting.isForced && (await withSourcePolicy(this.#sourcePolicy, look))) waiting.resolve({});
    else await this.#submit(id);
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
    const pool = Array.from(this.#waiting.values(), (each) => each.pool).find((each) =>
      this.#poolsWithoutWorkers.has(each),
    );
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
    for (const [id, waiting] of this.#waiting) {
      this.#cancel(id, waiting);
      waiting.reject(error);
    }
  }
}

function isEvent(json: JsonValue | undefined): json is JsonObject & PersistableEvent {
  return isJsonObject(json) && typeof json.type === "string" && typeof json.name === "string";
}

function isCancelled(error: JsonValue | undefined): boolean {
  return isJsonObject(error) && error.cancelled === true;
}
