import type { DescribedError } from "../errors/described-error.ts";
import type { RunFailure, RunResult } from "../errors/pipeline-errors.ts";
import { UpstreamFailedError } from "../errors/pipeline-errors.ts";
import type { RunEvent } from "../events/run-event.ts";
import { SpentCost } from "../persistable/context/spent-cost.ts";
import { describeParams } from "../persistable/declare/describe-params.ts";
import type { State } from "../persistable/declare/state.ts";
import { redactionOf } from "../persistable/secrets/redaction.ts";
import { withBatchLimits } from "../pipeline/map/batch-limits.ts";
import type { Plan } from "../pipeline/plan/plan.ts";
import { NodeKind, type PlanGraph, planGraphKey } from "../pipeline/plan/plan-graph.ts";
import { forgetFailure, writeFailure } from "./failure-record.ts";
import { PayloadRelease } from "./payload-release.ts";
import { type Production, ProductionFailure, produceNode } from "./produce-node.ts";
import { RecordedDurations } from "./recorded-durations.ts";
import { assertRetries, type RunSettings } from "./run-options.ts";
import { RunLog } from "./run-record.ts";
import { criticalPathPriority } from "./schedule/critical-path.ts";
import { RunBatchLimits } from "./schedule/run-batch-limits.ts";
import type { Place } from "./schedule/running-node.ts";
import { schedule } from "./schedule/schedule.ts";
import { NodeOutcome, type ScheduleOutcome } from "./schedule/schedule-options.ts";

type WithoutBase<Event> = Event extends RunEvent ? Omit<Event, "runId" | "atMs"> : never;
type NodeEvent<Event> = Event extends { readonly index: number }
  ? Untold<Omit<Event, "runId" | "atMs" | "index" | "name" | "address">>
  : never;
/** With the error as it was thrown. */
type Untold<Event> = Event extends { readonly error: DescribedError }
  ? Omit<Event, "error"> & { readonly error: unknown }
  : Event;

interface NodeFailure {
  readonly failure: RunFailure;
  /** The error where it quotes no secret, or else a copy that quotes none. */
  readonly cause: unknown;
}

/** One plan being carried out. */
export class Execution {
  readonly #plan: Plan;
  readonly #graph: PlanGraph;
  readonly #settings: RunSettings;
  readonly #signal: AbortSignal;
  readonly #batchLimits: RunBatchLimits;
  readonly #log: RunLog;
  readonly #release: PayloadRelease;
  /** Nodes that need nothing done. */
  readonly #done: Uint8Array;
  readonly #failures = new Map<number, NodeFailure>();
  /** Persistables that must not be generated again in this run, to be freed of that in the end. */
  readonly #refusing = new Set<State>();
  readonly #aborted = new Set<number>();
  readonly #cost = new SpentCost();
  #durations: RecordedDurations | undefined;
  #hits = 0;
  #generated = 0;
  #cancelled = 0;
  #savedMs = 0;

  constructor(planned: Plan, settings: RunSettings, signal: AbortSignal) {
    this.#plan = planned;
    this.#graph = planned[planGraphKey];
    this.#settings = settings;
    this.#signal = signal;
    this.#done = doneFromTheBeginning(this.#graph);
    this.#batchLimits = new RunBatchLimits({
      ...(settings.pools === undefined ? {} : { pools: settings.pools }),
      ...(settings.rateLimits === undefined ? {} : { rateLimits: settings.rateLimits }),
    });
    this.#log = new RunLog(this.#graph.states, settings);
    this.#release = new PayloadRelease(this.#graph, this.#done, settings.keepPayloads !== false);
    for (const { declaration } of this.#graph.states)
      assertRetries(`retries of ${declaration.name}`, declaration.retries);
  }

  /** Do it; failures and cancellations are in the result. */
  async execute(): Promise<RunResult> {
    const startedMs = performance.now();
    this.#tellPlanned();
    this.#durations = await RecordedDurations.read(this.#graph, this.#signal);
    this.#tellHits();
    await this.#log.begin();
    try {
      const outcome = await this.#schedule();
      this.#cancelRest(outcome);
    } finally {
      for (const state of this.#refusing) state.control = undefined;
    }
    const result = this.#resultAfter(performance.now() - startedMs);
    const { state, durationMs, hits, generated, failed, cancelled, savedMs, cost } = result;
    this.#tell({ type: "finished", state, durationMs, hits, generated, failed, cancelled, savedMs, cost });
    await this.#log.end(result);
    return result;
  }

  /** The first failure as the cause of what `run` throws: without secrets. */
  get failureCause(): unknown {
    const [first] = this.#failures.values();
    return first?.cause;
  }

  #schedule(): Promise<ScheduleOutcome> {
    const { concurrency, pools, rateLimits, keepGoing } = this.#settings;
    const { states, expectedMs } = this.#graph;
    const priority = criticalPathPriority(this.#graph, expectedMs, this.#done);
    return schedule(this.#graph, {
      concurrency,
      done: this.#done,
      onFailure: keepGoing,
      signal: this.#signal,
      poolsOf: (node) => states[node]?.declaration.pools,
      nameOf: (node) => states[node]?.node.name ?? `node ${node}`,
      execute: (node, place) => this.#produce(node, place),
      onSkipped: (node, because) => this.#cancel(node, "upstream-failed", because),
      ...(priority === undefined ? {} : { priority }),
      ...(pools === undefined ? {} : { pools }),
      ...(rateLimits === undefined ? {} : { rateLimits }),
    });
  }

  async #produce(node: number, place: Place): Promise<void> {
    const state = this.#graph.states[node] as State;
    if (this.#failures.size > 0) this.#refuseFailed(node, state);
    const startedMs = performance.now();
    try {
      const production = await withBatchLimits(this.#batchLimits, () =>
        produceNode(state, {
          place,
          signal: this.#signal,
          isForced: this.#graph.forced[node] === 1,
          retries: state.declaration.retries ?? this.#settings.retries,
          timeoutMs: state.declaration.timeoutMs ?? this.#settings.timeoutMs,
          untracked: this.#settings.untracked,
          onStarted: (attempt) => this.#tellStarted(node, attempt),
          onProgress: ({ done, total, note }) =>
            this.#tellNode(node, {
              type: "progress",
              done,
              ...(total === undefined ? {} : { total }),
              ...(note === undefined ? {} : { note }),
            }),
          onWaiting: (owner) => this.#tellNode(node, { type: "waiting", owner }),
          onRetried: (error, attempt, delayMs) => this.#tellNode(node, { type: "retried", error, attempt, delayMs }),
        }),
      );
      await this.#succeed(node, state, production);
    } catch (failure) {
      await this.#fail(node, state, failure, performance.now() - startedMs);
      throw failure;
    } finally {
      this.#release.settled(node);
    }
  }

  async #succeed(node: number, state: State, production: Production): Promise<void> {
    const { outcome, attempts, durationMs, sizeBytes, cost } = production;
    if (outcome === "hit") {
      this.#tellHit(node);
      this.#log.note(node, { outcome: "hit" });
      return;
    }
    this.#generated += 1;
    if (cost !== undefined) this.#cost.add(cost);
    await forgetFailure(state);
    this.#log.note(node, { outcome: "generated", durationMs, attempts });
    this.#tellNode(node, {
      type: "generated",
      durationMs,
      attempt: attempts,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(cost === undefined ? {} : { cost }),
    });
  }

  async #fail(node: number, state: State, thrown: unknown, durationMs: number): Promise<void> {
    const { cause: error, attempts } = thrown instanceof ProductionFailure ? thrown : { cause: thrown, attempts: 1 };
    if (this.#signal.aborted) {
      this.#aborted.add(node);
      return;
    }
    const { name, address, recipeParams } = state.node;
    const redaction = redactionOf(state);
    const described = redaction.error(error);
    const failure = runFailureOf({ name, address, params: describeParams(recipeParams), described, attempts }, error);
    this.#failures.set(node, { failure, cause: redaction.cause(error) });
    const failureFile = await writeFailure(state, { error: described, attempts, durationMs, runId: this.#log.runId });
    this.#log.note(node, { outcome: "failed", durationMs, attempts, error: described });
    this.#tellNode(node, {
      type: "failed",
      error,
      attempt: attempts,
      durationMs,
      ...(failureFile === undefined ? {} : { failureFile }),
    });
  }

  /** Who goes on although something upstream failed must not set that off again by asking for it. */
  #refuseFailed(node: number, state: State): void {
    const { dependencyStart, dependencies } = this.#graph;
    const failures = [...dependencies.subarray(dependencyStart[node], dependencyStart[node + 1])].flatMap(
      (index) => this.#failures.get(index) ?? [],
    );
    for (const dependency of state.dependencyStates) {
      const { name, address } = dependency.node;
      for (const { failure, cause } of failures) {
        if (failure.address !== address) continue;
        dependency.control = { refusal: new UpstreamFailedError(name, { cause }) };
        this.#refusing.add(dependency);
      }
    }
  }

  #cancelRest({ state }: ScheduleOutcome): void {
    const reason = this.#signal.aborted ? "aborted" : "stopped";
    const [because] = this.#failures.keys();
    for (let node = 0; node < this.#graph.count; node++) {
      if (this.#done[node] === 1) continue;
      if (state[node] === NodeOutcome.pending || this.#aborted.has(node))
        this.#cancel(node, reason, reason === "stopped" ? because : undefined);
    }
  }

  #cancel(node: number, reason: "aborted" | "stopped" | "upstream-failed", because: number | undefined): void {
    this.#cancelled += 1;
    this.#log.note(node, { outcome: "cancelled", reason });
    const failed = because === undefined ? undefined : this.#graph.states[because]?.node.address;
    this.#tellNode(node, { type: "cancelled", reason, ...(failed === undefined ? {} : { because: failed }) });
  }

  #resultAfter(durationMs: number): RunResult {
    const failures = Array.from(this.#failures.values(), ({ failure }) => failure);
    const wasCut = this.#signal.aborted && this.#cancelled > 0;
    return {
      runId: this.#log.runId,
      state: wasCut ? "cancelled" : failures.length > 0 ? "failed" : "completed",
      durationMs,
      hits: this.#hits,
      generated: this.#generated,
      failed: failures.length,
      cancelled: this.#cancelled,
      savedMs: this.#savedMs,
      cost: this.#cost.total ?? {},
      failures,
    };
  }

  #tellPlanned(): void {
    const { counts, expected } = this.#plan;
    const { durationMs, criticalPathMs, cost } = expected;
    this.#tell({
      type: "planned",
      nodes: this.#graph.count - counts.notNeeded,
      hits: counts.hit,
      misses: counts.miss + counts.blocked,
      concurrency: this.#settings.concurrency,
      ...(durationMs === undefined ? {} : { expectedMs: durationMs / this.#settings.concurrency }),
      ...(criticalPathMs === undefined ? {} : { criticalPathMs }),
      ...(Object.keys(cost).length === 0 ? {} : { expectedCost: cost }),
    });
  }

  #tellHits(): void {
    const { count, needed } = this.#graph;
    for (let node = 0; node < count; node++) {
      if (needed[node] === 1 && this.#done[node] === 1) this.#tellHit(node);
    }
  }

  #tellHit(node: number): void {
    this.#hits += 1;
    const savedMs = this.#durations?.of(this.#graph.states[node] as State);
    this.#savedMs += savedMs ?? 0;
    this.#tellNode(node, { type: "hit", ...(savedMs === undefined ? {} : { savedMs }) });
  }

  #tellStarted(node: number, attempt: number): void {
    if (this.#settings.listeners.length === 0) return;
    const expectedMs = this.#graph.expectedMs[node] ?? Number.NaN;
    const params = describeParams(this.#graph.states[node]?.node.recipeParams ?? []);
    this.#tellNode(node, { type: "started", params, attempt, ...(Number.isNaN(expectedMs) ? {} : { expectedMs }) });
  }

  /** Secrets are taken out here, so that no reader of the event can forget it. */
  #tellNode(index: number, body: NodeEvent<RunEvent>): void {
    if (this.#settings.listeners.length === 0) return;
    const state = this.#graph.states[index] as State;
    const { name, address } = state.node;
    this.#tell({ index, name, address, ...redactionOf(state).event(body) } as WithoutBase<RunEvent>);
  }

  #tell(body: WithoutBase<RunEvent>): void {
    const event = { runId: this.#log.runId, atMs: Date.now(), ...body } as RunEvent;
    for (const listener of this.#settings.listeners) listener(event);
  }
}

/** The error itself is for whoever asks for it: what prints or serializes a result does not come to it. */
function runFailureOf(shown: Omit<RunFailure, "error">, error: unknown): RunFailure {
  return Object.defineProperty({ ...shown, error: undefined as unknown }, "error", {
    get: () => error,
    enumerable: false,
  });
}

function doneFromTheBeginning({ count, needed, kinds, forced }: PlanGraph): Uint8Array {
  const done = new Uint8Array(count);
  for (let node = 0; node < count; node++) {
    if (needed[node] === 0 || (kinds[node] === NodeKind.hit && forced[node] === 0)) done[node] = 1;
  }
  return done;
}
