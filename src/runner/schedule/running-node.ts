import { onAbort } from "../../util/concurrency/on-abort.ts";
import type { PoolQueue, Returner } from "./pool-queue.ts";

/** One of the places for running nodes, with the node's share of the pools. */
export interface Place {
  /** Lets others have it while the node only waits. Does nothing if it was given back already. */
  release(): void;
  /**
   * Takes it again, at once if it was not given back.
   *
   * @throws the reason of this signal or of the schedule's, whichever is aborted first
   */
  acquire(signal?: AbortSignal): Promise<void>;
}

/** The part of the schedule that a running node talks to. */
export interface PlaceKeeper {
  readonly signal: AbortSignal | undefined;
  takeBack(running: RunningNode): void;
  startSoon(): void;
  queueAgain(running: RunningNode): void;
  leaveQueue(running: RunningNode): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  readonly stopListening: () => void;
}

/** A node from its start to its end. */
export class RunningNode implements Place, Returner {
  readonly node: number;
  readonly queue: PoolQueue;
  ticket = 0;
  readonly #keeper: PlaceKeeper;
  #isHeld = true;
  #hasEnded = false;
  #waiters: Set<Waiter> | undefined;

  constructor(node: number, queue: PoolQueue, keeper: PlaceKeeper) {
    this.node = node;
    this.queue = queue;
    this.#keeper = keeper;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#giveBack();
    this.#keeper.startSoon();
  }

  async acquire(signal?: AbortSignal): Promise<void> {
    if (this.#isHeld) return;
    if (this.#hasEnded) throw endedError();
    this.#keeper.signal?.throwIfAborted();
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const stopListening = onAbort(signal, () => this.#giveUp(waiter, signal?.reason));
      const waiter: Waiter = { resolve, reject, stopListening };
      this.#wait(waiter);
    });
  }

  grant(): void {
    this.#isHeld = true;
    for (const waiter of this.#takeWaiters()) waiter.resolve();
  }

  refuse(reason: unknown): void {
    for (const waiter of this.#takeWaiters()) waiter.reject(reason);
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#isHeld) this.#giveBack();
    if (this.#waiters === undefined) return;
    this.#keeper.leaveQueue(this);
    this.refuse(endedError());
  }

  #giveBack(): void {
    this.#isHeld = false;
    this.#keeper.takeBack(this);
  }

  #wait(waiter: Waiter): void {
    if (this.#waiters === undefined) {
      this.#waiters = new Set();
      this.#keeper.queueAgain(this);
    }
    this.#waiters.add(waiter);
  }

  #giveUp(waiter: Waiter, reason: unknown): void {
    waiter.reject(reason);
    this.#waiters?.delete(waiter);
    if (this.#waiters?.size !== 0) return;
    this.#waiters = undefined;
    this.#keeper.leaveQueue(this);
  }

  #takeWaiters(): Iterable<Waiter> {
    const waiters = this.#waiters ?? [];
    this.#waiters = undefined;
    for (const { stopListening } of waiters) stopListening();
    return waiters;
  }
}

function endedError(): DOMException {
  return new DOMException("The node has ended and cannot take a place again.", "AbortError");
}
