import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { resolveShares } from "./limits.ts";
import { Taken, WaitingRoom } from "./ready-set.ts";
import { type PlaceKeeper, RunningNode } from "./running-node.ts";
import { type Dependents, dependentsOf, isInOrder, type ScheduleGraph, topologicalOrder } from "./schedule-graph.ts";
import { NodeOutcome, type ScheduleOptions, type ScheduleOutcome } from "./schedule-options.ts";
import { type Settlement, Settler } from "./settler.ts";

/**
 * Do every node once, after all that it depends on. Resolves when nothing runs any more.
 *
 * @throws {@link InvalidRunOptionsError} before anything begins; and what `onDone`, `onFailed` and `onSkipped` throw.
 */
export async function schedule(graph: ScheduleGraph, options: ScheduleOptions): Promise<ScheduleOutcome> {
  const { concurrency } = options;
  if (!(concurrency >= 1)) throw new InvalidRunOptionsError(`concurrency is ${concurrency}: it must be at least 1.`);
  const dependents = dependentsOf(graph);
  if (!isInOrder(graph)) topologicalOrder(graph, dependents);
  const running = new Schedule(graph, dependents, options);
  await new Promise<void>((resolve, reject) => running.begin(resolve, reject));
  return { state: running.state };
}

/** How long nodes may begin one after another before everything else gets a turn. */
const TURN_MS = 10;
/** Reading the clock costs as much as a small node. */
const MAX_UNTIMED = 32;
/** As long as a timer can be. */
const MAX_TIMER_MS = 2 ** 31 - 1;

class Schedule implements PlaceKeeper, Settlement {
  readonly state: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly #options: ScheduleOptions;
  readonly #dependentStart: Int32Array;
  readonly #dependents: Int32Array;
  /** How many dependencies of each node are not settled. */
  readonly #missing: Int32Array;
  readonly #waiting: WaitingRoom<RunningNode>;
  /** To be used again, with the functions that are bound to them. */
  readonly #idle: Settler[] = [];
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #free: number;
  #running = 0;
  #tickets = 0;
  #isStopped = false;
  #isBeginning = false;
  #isBeginningSoon = false;
  /** Until everything else had its turn. */
  #isPaused = false;
  #turnStartedMs = performance.now();
  #timedMs = this.#turnStartedMs;
  #untimed = 1;
  #untilTimed = 1;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  /** What a callback threw. */
  #thrown: { readonly error: unknown } | undefined;

  constructor(graph: ScheduleGraph, { dependentStart, dependents }: Dependents, options: ScheduleOptions) {
    const { count } = graph;
    const { done } = options;
    this.#options = options;
    this.signal = options.signal;
    this.#free = options.concurrency;
    this.#dependentStart = dependentStart;
    this.#dependents = dependents;
    this.state = new Uint8Array(count);
    this.#missing = new Int32Array(count);
    this.#waiting = new WaitingRoom(count, resolveShares(count, done, options), options.priority);
    for (let node = 0; node < count; node++) {
      this.#missing[node] = (graph.dependencyStart[node + 1] as number) - (graph.dependencyStart[node] as number);
    }
    for (let node = 0; done !== undefined && node < count; node++) {
      if (done[node] !== 1) continue;
      this.state[node] = NodeOutcome.done;
      const end = dependentStart[node + 1] as number;
      for (let edge = dependentStart[node] as number; edge < end; edge++) {
        const dependent = dependents[edge] as number;
        this.#missing[dependent] = (this.#missing[dependent] as number) - 1;
      }
    }
    for (let node = 0; node < count; node++) {
      if (this.#missing[node] === 0 && this.state[node] === NodeOutcome.pending) this.#waiting.add(node);
    }
  }

  begin(resolve: () => void, reject: (error: unknown) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
    if (this.signal?.aborted) this.#isStopped = true;
    this.signal?.addEventListener("abort", this.#onAbort);
    this.beginNext();
  }

  /** Begin whatever may begin. */
  beginNext(): void {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    while (this.#free > 0 && !this.#isPaused) {
      const node = this.#waiting.take(!this.#isStopped);
      if (node >= 0) this.#beginNode(node);
      else if (node === Taken.returning) this.#letReturn();
      else {
        this.#setTimer();
        break;
      }
    }
    this.#isBeginning = false;
    if (this.#running === 0 && (this.#isStopped || this.#waiting.nodes === 0)) this.#end();
  }

  beginSoon(): void {
    if (this.#isBeginningSoon) return;
    this.#isBeginningSoon = true;
    queueMicrotask(() => {
      this.#isBeginningSoon = false;
      this.beginNext();
    });
  }

  nextTicket(): number {
    return this.#tickets++;
  }

  takeBack(running: RunningNode): void {
    this.#free += 1;
    running.line.giveBack();
  }

  queue(running: RunningNode): void {
    this.#waiting.addReturning(running);
    this.beginSoon();
  }

  settleDone(running: RunningNode): void {
    const { node } = running;
    this.#running -= 1;
    running.end();
    this.state[node] = NodeOutcome.done;
    this.#tell(this.#options.onDone, node, undefined);
    this.#settleDependents(node);
  }

  settleFailed(running: RunningNode, error: unknown): void {
    const { node } = running;
    const { onFailure = "stop", onFailed } = this.#options;
    this.#running -= 1;
    running.end();
    this.state[node] = NodeOutcome.failed;
    this.#tell(onFailed, node, error);
    if (onFailure === "stop") this.#isStopped = true;
    else if (onFailure === "everything") this.#settleDependents(node);
    else this.#skipDownstream(node);
  }

  #beginNode(node: number): void {
    const running = new RunningNode(node, this.#waiting.lineOf(node), this);
    this.#free -= 1;
    this.#running += 1;
    this.state[node] = NodeOutcome.running;
    try {
      const ending = this.#options.execute(node, running);
      if (ending === undefined) this.settleDone(running);
      else (this.#idle.pop() ?? new Settler(this, this.#idle)).settleAfter(running, ending);
    } catch (error) {
      this.settleFailed(running, error);
    }
    running.line.stamp();
    this.#untilTimed -= 1;
    if (this.#untilTimed === 0) this.#readClock();
  }

  #letReturn(): void {
    this.#free -= 1;
    this.#waiting.found?.grant();
  }

  #settleDependents(node: number): void {
    const dependents = this.#dependents;
    const missing = this.#missing;
    const end = this.#dependentStart[node + 1] as number;
    for (let edge = this.#dependentStart[node] as number; edge < end; edge++) {
      const dependent = dependents[edge] as number;
      const left = (missing[dependent] as number) - 1;
      missing[dependent] = left;
      if (left === 0 && this.state[dependent] === NodeOutcome.pending) this.#waiting.add(dependent);
    }
  }

  #skipDownstream(failed: number): void {
    const skipped = [failed];
    for (let i = 0; i < skipped.length; i++) {
      const node = skipped[i] as number;
      const end = this.#dependentStart[node + 1] as number;
      for (let edge = this.#dependentStart[node] as number; edge < end; edge++) {
        const dependent = this.#dependents[edge] as number;
        if (this.state[dependent] !== NodeOutcome.pending) continue;
        this.state[dependent] = NodeOutcome.skipped;
        skipped.push(dependent);
        this.#tell(this.#options.onSkipped, dependent, failed);
      }
    }
  }

  #tell<Argument>(
    callback: ((node: number, argument: Argument) => void) | undefined,
    node: number,
    argument: Argument,
  ): void {
    if (callback === undefined) return;
    try {
      callback(node, argument);
    } catch (error) {
      this.#thrown ??= { error };
      this.#isStopped = true;
    }
  }

  #readClock(): void {
    const nowMs = performance.now();
    this.#untimed = nowMs - this.#timedMs < 1 ? Math.min(this.#untimed * 2, MAX_UNTIMED) : 1;
    this.#untilTimed = this.#untimed;
    this.#timedMs = nowMs;
    if (nowMs - this.#turnStartedMs < TURN_MS) return;
    this.#isPaused = true;
    setImmediate(() => {
      this.#isPaused = false;
      this.#timedMs = this.#turnStartedMs = performance.now();
      this.beginNext();
    });
  }

  /** For what only has to wait for time to pass. */
  #setTimer(): void {
    const { wakeAtMs } = this.#waiting;
    if (wakeAtMs === this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = wakeAtMs;
    if (wakeAtMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.max(1, Math.ceil(wakeAtMs - performance.now())), MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.beginNext();
    }, delayMs);
  }

  readonly #onAbort = (): void => {
    this.#isStopped = true;
    this.#waiting.refuseReturning(this.signal?.reason);
    this.beginNext();
  };

  #end(): void {
    clearTimeout(this.#timer);
    this.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#thrown === undefined) this.#resolve();
    else this.#reject(this.#thrown.error);
  }
}
