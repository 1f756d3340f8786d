import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { add, type Graph } from "../../pipeline/graph.ts";
import { onAbort, orAborted } from "../../util/concurrency/on-abort.ts";
import { ReadySet } from "./ready-set.ts";
import { NodeOutcome, type Place, type ScheduleOptions, type ScheduleOutcome } from "./schedule-options.ts";

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

/** The turn of a node that has given its place away, and for which its callers wait. */
interface Turn {
  readonly promise: Promise<void>;
  readonly grant: () => void;
  readonly refuse: (reason: unknown) => void;
}

class Schedule {
  readonly state: Uint8Array;
  readonly #graph: Graph;
  readonly #options: ScheduleOptions;
  /** By node, how many of its dependencies are not settled. */
  readonly #missing: Int32Array;
  readonly #ready: ReadySet;
  /** Nodes that run and gave their place to others. */
  readonly #away = new Set<number>();
  /** The nodes of `#away` that want a place again. */
  readonly #returning = new Map<number, Turn>();
  #freePlaces: number;
  #running = 0;
  /** After an abort, a failure or a broken callback: no further node starts. */
  #isStopped = false;
  /** Lets `carryOut` go on, while it waits for a change. */
  #goOn: (() => void) | undefined;
  readonly #callbackFailures: unknown[] = [];

  constructor(graph: Graph, options: ScheduleOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#freePlaces = options.concurrency;
    this.state = new Uint8Array(graph.count);
    this.#missing = graph.dependencyCounts();
    this.#ready = new ReadySet(graph.count, options);
    for (const [node, isDone] of (options.done ?? []).entries()) {
      if (isDone !== 1) continue;
      this.state[node] = NodeOutcome.done;
      for (const dependent of graph.dependentsOf(node)) add(this.#missing, dependent, -1);
    }
    for (const [node, missing] of this.#missing.entries()) if (missing === 0) this.#addReady(node);
  }

  async carryOut(): Promise<void> {
    const stopListening = onAbort(this.#options.signal, () => this.#abort());
    let turnEndsMs = performance.now() + TURN_MS;
    while (this.#running > 0 || !this.#ready.isEmpty) {
      const node = this.#freePlaces > 0 ? this.#ready.take() : undefined;
      if (node === undefined) await this.#change();
      else this.#start(node);
      if (performance.now() < turnEndsMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnEndsMs = performance.now() + TURN_MS;
    }
    stopListening();
    if (this.#callbackFailures.length > 0) throw this.#callbackFailures[0];
  }

  /** Waits until a node ends, gives its place back or wants one, or a rate limit has room again. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#freePlaces > 0 ? this.#ready.startTimer(() => this.#wake()) : undefined;
      this.#goOn = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Something has changed: another node may be able to start. */
  #wake(): void {
    this.#goOn?.();
    // The promise is resolved only once, since resolving it again is expensive.
    this.#goOn = undefined;
  }

  #start(node: number): void {
    this.#freePlaces -= 1;
    const turn = this.#returning.get(node);
    if (turn === undefined) {
      void this.#run(node);
      return;
    }
    this.#returning.delete(node);
    this.#away.delete(node);
    turn.grant();
  }

  /** Never rejects. A node that ends at once is settled before this returns. */
  async #run(node: number): Promise<void> {
    const { execute, onDone, onFailed } = this.#options;
    this.#running += 1;
    this.state[node] = NodeOutcome.running;
    const place: Place = {
      release: (isElsewhere) => this.#release(node, isElsewhere),
      acquire: (signal) => this.#acquire(node, signal),
    };
    try {
      const ending = execute(node, place);
      if (ending !== undefined) await ending;
      this.#settle(node, NodeOutcome.done);
      this.#tell(() => onDone?.(node));
      this.#settleDependents(node);
    } catch (error) {
      this.#settle(node, NodeOutcome.failed);
      this.#tell(() => onFailed?.(node, error));
      this.#goOnAfterFailure(node);
    }
  }

  #release(node: number, isElsewhere = false): void {
    if (isElsewhere) this.#ready.scatter();
    if (this.state[node] !== NodeOutcome.running || this.#away.has(node)) return;
    this.#away.add(node);
    this.#giveBack(node);
  }

  async #acquire(node: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.state[node] !== NodeOutcome.running) throw endedError();
    if (!this.#away.has(node)) return;
    this.#options.signal?.throwIfAborted();
    signal?.throwIfAborted();
    // If this caller gives up, the node stays in the queue: its next attempt needs the place too.
    await orAborted((this.#returning.get(node) ?? this.#queueAgain(node)).promise, signal);
  }

  #queueAgain(node: number): Turn {
    let [grant, refuse]: [Turn["grant"], Turn["refuse"]] = [() => {}, () => {}];
    const promise = new Promise<void>((...settle) => {
      [grant, refuse] = settle;
    });
    const turn = { promise, grant, refuse };
    this.#returning.set(node, turn);
    this.#ready.addReturning(node);
    this.#wake();
    return turn;
  }

  #settle(node: number, outcome: number): void {
    this.#running -= 1;
    this.state[node] = outcome;
    if (!this.#away.delete(node)) this.#giveBack(node);
    this.#returning.get(node)?.refuse(endedError());
    if (this.#returning.delete(node)) this.#ready.keepOnly((other) => other !== node);
    this.#wake();
  }

  #giveBack(node: number): void {
    this.#freePlaces += 1;
    this.#ready.giveBack(node);
    this.#wake();
  }

  #settleDependents(node: number): void {
    for (const dependent of this.#graph.dependentsOf(node))
      if (add(this.#missing, dependent, -1) === 0) this.#addReady(dependent);
  }

  #addReady(node: number): void {
    if (this.state[node] === NodeOutcome.pending && !this.#isStopped) this.#ready.add(node);
  }

  #goOnAfterFailure(node: number): void {
    const { onFailure = "stop" } = this.#options;
    if (onFailure === "stop") this.#stop();
    else if (onFailure === "everything") this.#settleDependents(node);
    else this.#skipDependents(node);
  }

  /** This does not recurse, since a chain of nodes may be longer than the stack. */
  #skipDependents(failed: number): void {
    const cutOff = [failed];
    // The loop also visits the nodes that it adds to the list.
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
      this.#stop();
    }
  }

  /** Only nodes that run already may go on. */
  #stop(): void {
    this.#isStopped = true;
    this.#ready.keepOnly((node) => this.#returning.has(node));
  }

  #abort(): void {
    for (const turn of this.#returning.values()) turn.refuse(this.#options.signal?.reason);
    this.#returning.clear();
    this.#stop();
    this.#wake();
  }
}

function endedError(): DOMException {
  return new DOMException("The node has ended and cannot take a place again.", "AbortError");
}
