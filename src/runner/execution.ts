import type { RunFailure, RunResult } from "../errors/pipeline-errors.ts";
import { UpstreamFailedError } from "../errors/pipeline-errors.ts";
import type { EventBase, StartedEvent, ToldEvent } from "../events/event.ts";
import type { NodeEventBody, PlannedEvent, RunEvent, RunEventBase } from "../events/run-event.ts";
import { withRefusals } from "../persistable/context/refusals.ts";
import { SpentCost } from "../persistable/context/spent-cost.ts";
import { workKeyOf } from "../persistable/context/wait-graph.ts";
import { describeParams } from "../persistable/declare/describe-params.ts";
import type { State } from "../persistable/declare/state.ts";
import { redactionOf, type Untold } from "../persistable/secrets/redaction.ts";
import { itemAt } from "../pipeline/item-at.ts";
import { withBatchLimits } from "../pipeline/map/batch-limits.ts";
import type { Plan } from "../pipeline/plan/plan.ts";
import { NodeKind, type PlanGraph, planGraphKey } from "../pipeline/plan/plan-graph.ts";
import { forgetFailure, writeFailure } from "./failure-record.ts";
import { PayloadRelease } from "./payload-release.ts";
import { type ProduceOptions, type Production, ProductionFailure, produceNode } from "./produce-node.ts";
import { RecordedDurations } from "./recorded-durations.ts";
import type { RemoteNodes } from "./remote-nodes.ts";
import { RunLog } from "./run-log.ts";
import { assertRetries, type RunSettings } from "./run-options.ts";
import { criticalPathPriority } from "./schedule/critical-path.ts";
import { Lanes } from "./schedule/lanes.ts";
import { RunBatchLimits } from "./schedule/run-batch-limits.ts";
import { schedule } from "./schedule/schedule.ts";
import { NodeOutcome, type Place, type ScheduleOutcome } from "./schedule/schedule-options.ts";

/** An event lists at most this many dependencies, since a node may have a hundred thousand. */
const MAX_TOLD_DEPENDENCIES = 100;

interface NodeFailure {
  readonly failure: RunFailure;
  /** The error if it quotes no secret, otherwise a copy that does not quote it. */
  readonly cause: unknown;
}

/** One plan being carried out. */
export class Execution {
  readonly #plan: Plan;
  readonly #graph: PlanGraph;
  readonly #settings: RunSettings;
  readonly #signal: AbortSignal;
  readonly #remote: RemoteNodes | undefined;
  readonly #batchLimits: RunBatchLimits;
  readonly #log: RunLog;
  readonly #release: PayloadRelease;
  /** Nodes that need nothing done. */
  readonly #done: Uint8Array;
  readonly #failures = new Map<number, NodeFailure>();
  /**
   * The failure of each failed work, so that a dependent that is tried all the same does not
   * generate it again.
   */
  readonly #failedWork = new Map<string, NodeFailure>();
  readonly #aborted = new Set<number>();
  readonly #cost = new SpentCost();
  readonly #lanes = new Lanes();
  /** When the turn of each running node came. */
  readonly #turnMs = new Map<number, number>();
  #durations: RecordedDurations | undefined;
  #hits = 0;
  #generated = 0;
  #cancelled = 0;
  #savedMs = 0;

  /** @param remote - the workers that generate the nodes, if this process does not */
  constructor(planned: Plan, settings: RunSettings, signal: AbortSignal, remote?: RemoteNodes) {
    this.#remote = remote;
    this.#plan = planned;
    this.#graph = planned[planGraphKey];
    this.#settings = settings;
    this.#signal = signal;
    this.#done = doneFromTheBeginning(this.#graph);
    this.#batchLimits = new RunBatchLimits(settings);
    this.#log = new RunLog(this.#graph.states, settings);
    this.#release = new PayloadRelease(this.#graph, this.#done, settings.keepPayloads !== false);
    for (const { declaration } of this.#graph.states)
      assertRetries(`retries of ${declaration.name}`, declaration.retries);
  }

  /** Carries out the plan. Failures and cancellations are in the result. */
  async execute(): Promise<RunResult> {
    const startedMs = performance.now();
    const planned = this.#planned();
    this.#emit(planned);
    this.#durations = await RecordedDurations.read(this.#graph, this.#signal);
    this.#emitHits();
    await this.#log.begin(planned);
    this.#cancelRest(await this.#schedule());
    const result = this.#resultAfter(performance.now() - startedMs);
    const { failures: _, ...totals } = result;
    this.#emit({ ...this.#now(), type: "finished", ...totals });
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
    const priority = criticalPathPriority(this.#graph.edges, expectedMs, this.#done);
    return schedule(this.#graph.edges, {
      concurrency,
      done: this.#done,
      onFailure: keepGoing,
      signal: this.#signal,
      poolsOf: (node) => states[node]?.declaration.pools,
      nameOf: (node) => states[node]?.recipe.name ?? `node ${node}`,
      execute: (node, place) => this.#produce(node, place),
      onSkipped: (node, because) => this.#cancel(node, "upstream-failed", because),
      priority,
      pools,
      rateLimits,
    });
  }

  async #produce(node: number, place: Place): Promise<void> {
    const state = itemAt(this.#graph.states, node);
    const startedMs = performance.now();
    this.#turnMs.set(node, startedMs);
    try {
      const production = await withBatchLimits(this.#batchLimits, () =>
        this.#failures.size === 0
          ? this.#produceNow(node, state, place)
          : withRefusals(this.#refuse, () => this.#produceNow(node, state, place)),
      );
      await this.#succeed(node, state, production);
    } catch (failure) {
      await this.#fail(node, state, failure, performance.now() - startedMs);
      throw failure;
    } finally {
      this.#turnMs.delete(node);
      this.#lanes.leave(node);
      this.#release.settled(node);
    }
  }

  #produceNow(node: number, state: State, place: Place): Promise<Production> {
    const options: ProduceOptions = {
      place,
      signal: this.#signal,
      isForced: this.#graph.forced[node] === 1,
      retries: state.declaration.retries ?? this.#settings.retries,
      timeoutMs: state.declaration.timeoutMs ?? this.#settings.timeoutMs,
      expectedMs: this.#graph.expectedMs[node],
      untracked: this.#settings.untracked,
      onEvent: (event, attempt) => this.#relay(node, event, attempt),
      onRetried: (error, attempt, delayMs) => this.#emitNode(node, { type: "retried", error, attempt, delayMs }),
    };
    return produceNode(state, options, this.#remote?.attempt);
  }

  async #succeed(node: number, state: State, { attempts, generation }: Production): Promise<void> {
    if (generation === undefined) {
      this.#emitHit(node);
      this.#log.note(node, { outcome: "hit" });
      return;
    }
    const { durationMs, cost, sizeBytes } = generation;
    this.#generated += 1;
    if (cost !== undefined) this.#cost.add(cost);
    await forgetFailure(state);
    this.#log.note(node, { outcome: "generated", durationMs, attempts });
    this.#emitNode(node, {
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
    const { name, address, recipeParams } = state.recipe;
    const redaction = redactionOf(state);
    const described = redaction.error(error);
    const failure = runFailureOf({ name, address, params: describeParams(recipeParams), described, attempts }, error);
    const failed = { failure, cause: redaction.cause(error) };
    this.#failures.set(node, failed);
    this.#failedWork.set(workKeyOf(state), failed);
    const failureFile = await writeFailure(state, { error: described, attempts, durationMs, runId: this.#log.runId });
    this.#log.note(node, { outcome: "failed", durationMs, attempts, error: described });
    this.#emitNode(node, {
      type: "failed",
      error,
      attempt: attempts,
      durationMs,
      ...(failureFile === undefined ? {} : { failureFile }),
    });
  }

  /**
   * The error for a generator that asks for a failed dependency, if its node is tried all the same.
   */
  readonly #refuse = (state: State): Error | undefined => {
    const failed = this.#failedWork.get(workKeyOf(state));
    return failed && new UpstreamFailedError(state.recipe.name, { cause: failed.cause });
  };

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
    const failed = because === undefined ? undefined : this.#graph.states[because]?.recipe.address;
    this.#emitNode(node, { type: "cancelled", reason, ...(failed === undefined ? {} : { because: failed }) });
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

  #planned(): PlannedEvent {
    const { counts, expected } = this.#plan;
    const { durationMs, criticalPathMs, cost } = expected;
    const concurrency = this.#remote?.slots ?? this.#settings.concurrency;
    return {
      ...this.#now(),
      type: "planned",
      nodes: this.#graph.count - counts.notNeeded,
      hits: counts.hit,
      misses: counts.miss + counts.blocked,
      concurrency,
      ...(durationMs === undefined ? {} : { expectedMs: durationMs / concurrency }),
      ...(criticalPathMs === undefined ? {} : { criticalPathMs }),
      ...(Object.keys(cost).length === 0 ? {} : { expectedCost: cost }),
    };
  }

  #emitHits(): void {
    const { count, needed } = this.#graph;
    for (let node = 0; node < count; node++) {
      if (needed[node] === 1 && this.#done[node] === 1) this.#emitHit(node);
    }
  }

  #emitHit(node: number): void {
    this.#hits += 1;
    const savedMs = this.#durations?.of(itemAt(this.#graph.states, node));
    this.#savedMs += savedMs ?? 0;
    this.#emitNode(node, { type: "hit", ...(savedMs === undefined ? {} : { savedMs }) });
  }

  /** How a node ends is known only when all its attempts are done, so the run says that itself. */
  #relay(node: number, event: ToldEvent, attempt: number): void {
    switch (event.type) {
      case "started":
        this.#emitStarted(node, event, attempt);
        break;
      case "log":
      case "progress":
      case "waiting":
      case "takeover":
      case "corrupt":
        this.#emit(Object.assign(this.#at(node), event));
    }
  }

  #emitStarted(node: number, event: StartedEvent, attempt: number): void {
    if (!this.#isHeard) return;
    const expectedMs = this.#graph.expectedMs[node] ?? Number.NaN;
    const state = itemAt(this.#graph.states, node);
    const params = describeParams(state.recipe.recipeParams);
    const told = redactionOf(state).event({ params, attempt });
    const slot = this.#lanes.of(node);
    const waitedMs = Math.round(performance.now() - (this.#turnMs.get(node) ?? Number.NaN));
    const dependencies = this.#firstDependenciesOf(node);
    const expected = Number.isNaN(expectedMs) ? {} : { expectedMs };
    // `Object.assign` is ten times as fast here as several spreads in one literal.
    this.#emit(Object.assign(this.#at(node), event, told, { slot, waitedMs, dependencies }, expected));
  }

  #firstDependenciesOf(node: number): EventBase[] {
    return Array.from(this.#graph.edges.dependenciesOf(node).subarray(0, MAX_TOLD_DEPENDENCIES), (index) => {
      const { name, address } = itemAt(this.#graph.states, index).recipe;
      return { name, address };
    });
  }

  /** Secrets are taken out here, so that no reader of the event can forget it. */
  #emitNode(index: number, body: Untold<NodeEventBody>): void {
    if (!this.#isHeard) return;
    const state = itemAt(this.#graph.states, index);
    const { name, address } = state.recipe;
    this.#emit(Object.assign(this.#at(index), { name, address }, redactionOf(state).event(body)) as RunEvent);
  }

  #now(): RunEventBase {
    return { runId: this.#log.runId, atMs: Date.now() };
  }

  #at(index: number): RunEventBase & { index: number } {
    return { runId: this.#log.runId, atMs: Date.now(), index };
  }

  get #isHeard(): boolean {
    return this.#settings.listeners.length > 0 || this.#log.isOpen;
  }

  #emit(event: RunEvent): void {
    this.#log.hear(event);
    for (const listener of this.#settings.listeners) listener(event);
  }
}

/** Callers can read the error itself. Printing or serializing a result leaves it out. */
function runFailureOf(shown: Omit<RunFailure, "error">, error: unknown): RunFailure {
  const failure: RunFailure = { ...shown, error: undefined };
  return Object.defineProperty(failure, "error", {
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
