import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { add, type Graph } from "../../pipeline/graph.ts";
import { onAbort } from "../../util/concurrency/on-abort.ts";
import { markBegun } from "./pool.ts";
import type { Returner } from "./pool-queue.ts";
import { ReadySet } from "./ready-set.ts";
import { type PlaceKeeper, RunningNode } from "./running-node.ts";
import { NodeOutcome, type ScheduleOptions, type ScheduleOutcome } from "./schedule-options.ts";

/**
 * Carries out every node once, after its dependencies. Resolves when no node runs any more.
 *
 * @throws {@link InvalidRunOptionsError} before anything starts; what `onDone`, `onFailed` and
 * `onSkipped` throw
 */
export async function schedule(graph: Graph, options: ScheduleOptions): Promise<ScheduleOutcome> {
  const { concurrency } = options;
  if (!(concurrency >= 1)) throw new InvalidRunOptionsError(`concurrency is ${concurrency}: it must be at least 1.`);
  graph.assertNoCircle();
  const begun = new Schedule(graph, options);
  await begun.carryOut();
  return { state: begun.state };
}

/** How long nodes may start one after another before the rest of the process gets a turn. */
const TURN_MS = 10;
/** The longest delay that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

class Schedule implements PlaceKeeper {
  readonly state: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly #graph: Graph;
  readonly #options: ScheduleOptions;
  /** By node, how many of its dependencies are not settled. */
  readonly #missing: Int32Array;
  readonly #ready: ReadySet;
  #end: () => void = () => {};
  #freePlaces: number;
  #running = 0;
  #tickets = 0;
  /** After an abort, a failure or a broken callback: no further node starts. */
  #isStopped = false;
  #isStarting = false;
  #isPaused = false;
  #turnEndsMs = performance.now() + TURN_MS;
  #timer: NodeJS.Timeout | undefined;
  readonly #callbackFailures: unknown[] = [];

  constructor(graph: Graph, options: ScheduleOptions) {
    this.#graph = graph;
    this.#options = options;
    this.signal = options.signal;
    this.#freePlaces = options.concurrency;
    this.state = new Uint8Array(graph.count);
    this.#missing = graph.dependencyCounts();
    this.#ready = new ReadySet(graph.count, options);
    for (const [node, isDone] of (options.done ?? []).entries()) {
      if (isDone !== 1) continue;
      this.state[node] = NodeOutcome.done;
      for (const dependent of graph.dependentsOf(node)) add(this.#missing, dependent, -1);
    }
    for (const [node, missing] of this.#missing.entries())
      if (missing === 0 && this.state[node] === NodeOutcome.pending) this.#ready.add(node);
  }

  async carryOut(): Promise<void> {
    const stopListening = onAbort(this.signal, () => this.#abort());
    await new Promise<void>((resolve) => {
      this.#end = resolve;
      this.#startNodes();
    });
    clearTimeout(this.#timer);
    stopListening();
    if (this.#callbackFailures.length > 0) throw this.#callbackFailures[0];
  }

  takeBack(running: RunningNode): void {
    this.#freePlaces += 1;
    running.queue.giveBack();
  }

  /** Not at once: another node would start inside the call of the one that gives its place back. */
  startSoon(): void {
    queueMicrotask(() => this.#startNodes());
  }

  queueAgain(running: RunningNode): void {
    running.ticket = this.#tickets++;
    this.#ready.addReturning(running);
    this.startSoon();
  }

  leaveQueue(running: RunningNode): void {
    running.queue.returning.delete(running);
    // What was reserved for it is free for others.
    this.startSoon();
  }

  /** Starts every node that may start. */
  #startNodes(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#freePlaces > 0 && !this.#isPaused) {
      const next = this.#ready.take({ onlyReturning: this.#isStopped });
      if (next === undefined) {
        this.#setTimer();
        break;
      }
      if (typeof next === "number") void this.#run(new RunningNode(next, this.#ready.queueOf(next), this));
      else this.#resume(next);
      if (performance.now() > this.#turnEndsMs) this.#pause();
    }
    this.#isStarting = false;
    if (this.#running === 0 && (this.#isStopped || this.#ready.size === 0)) this.#end();
  }

  /** Never rejects. A node that ends at once is settled before this returns. */
  async #run(running: RunningNode): Promise<void> {
    try {
      const ending = this.#begin(running);
      if (ending !== undefined) await ending;
      this.#settle(running, NodeOutcome.done);
      this.#tell(() => this.#options.onDone?.(running.node));
      this.#settleDependents(running.node);
    } catch (error) {
      this.#settle(running, NodeOutcome.failed);
      this.#tell(() => this.#options.onFailed?.(running.node, error));
      this.#goOnAfterFailure(running.node);
    }
    this.#startNodes();
  }

  #begin(running: RunningNode): void | Promise<void> {
    this.#freePlaces -= 1;
    this.#running += 1;
    this.state[running.node] = NodeOutcome.running;
    const starts = running.queue.take();
    try {
      return this.#options.execute(running.node, running);
    } finally {
      markBegun(starts);
    }
  }

  #resume(running: Returner): void {
    this.#freePlaces -= 1;
    const starts = running.queue.take();
    running.grant();
    // The node waits in `acquire`, and goes on a few microtasks later.
    if (starts.length > 0) setImmediate(() => markBegun(starts));
  }

  #settle(running: RunningNode, outcome: number): void {
    this.#running -= 1;
    this.state[running.node] = outcome;
    running.end();
  }

  #settleDependents(node: number): void {
    for (const dependent of this.#graph.dependentsOf(node)) {
      const left = add(this.#missing, dependent, -1);
      if (left === 0 && this.state[dependent] === NodeOutcome.pending) this.#ready.add(dependent);
    }
  }

  #goOnAfterFailure(node: number): void {
    const { onFailure = "stop" } = this.#options;
    if (onFailure === "stop") this.#isStopped = true;
    else if (onFailure === "everything") this.#settleDependents(node);
    else this.#skipDependents(node);
  }

  /** Not recursive: a chain of nodes may be longer than the stack. */
  #skipDependents(failed: number): void {
    const cutOff = [failed];
    // The list grows while it is walked.
    for (const node of cutOff) {
      for (const dependent of this.#graph.dependentsOf(node)) {
        if (this.state[dependent] !== NodeOutcome.pending) continue;
        this.state[dependent] = NodeOutcome.skipped;
        cutOff.push(dependent);
        this.#tell(() => this.#options.onSkipped?.(dependent, failed));
      }
    }
  }

  #tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#callbackFailures.push(error);
      this.#isStopped = true;
    }
  }

  #pause(): void {
    this.#isPaused = true;
    setImmediate(() => {
      this.#isPaused = false;
      this.#turnEndsMs = performance.now() + TURN_MS;
      this.#startNodes();
    });
  }

  /** For nodes that wait for nothing but a rate limit. */
  #setTimer(): void {
    clearTimeout(this.#timer);
    const wakeAtMs = this.#ready.wakeAtMs(this.#isStopped);
    if (wakeAtMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.max(1, Math.ceil(wakeAtMs - performance.now())), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#startNodes(), delayMs);
  }

  #abort(): void {
    this.#isStopped = true;
    for (const running of this.#ready.returning()) {
      running.queue.returning.delete(running);
      running.refuse(this.signal?.reason);
    }
    this.#startNodes();
  }
}
