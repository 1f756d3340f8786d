import type { Returner, WaitingLine } from "./pool-queue.ts";

/** What a running node holds: one of the places, and its share of the pools. */
export interface Place {
  /** Give it back, as long as the node only waits for somebody else. Does nothing where it is given back already. */
  release(): void;
  /**
   * Wait for it again; there at once where it is held.
   *
   * @throws the reason of whichever signal is aborted.
   */
  acquire(signal?: AbortSignal): Promise<void>;
}

/** Where places come from. */
export interface PlaceKeeper {
  /** The signal that ends everything. */
  readonly signal: AbortSignal | undefined;
  nextTicket(): number;
  takeBack(running: RunningNode): void;
  queue(running: RunningNode): void;
  beginSoon(): void;
}

/** One node between its beginning and its end. */
export class RunningNode implements Place, Returner {
  readonly node: number;
  readonly line: WaitingLine<RunningNode>;
  ticket = 0;
  readonly #keeper: PlaceKeeper;
  #isHeld = true;
  #isOver = false;
  #wanting: Set<Want> | undefined;

  constructor(node: number, line: WaitingLine<RunningNode>, keeper: PlaceKeeper) {
    this.node = node;
    this.line = line;
    this.#keeper = keeper;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#keeper.takeBack(this);
    // Not at once: nodes would begin within the one that calls this.
    this.#keeper.beginSoon();
  }

  acquire(signal?: AbortSignal): Promise<void> {
    if (this.#isHeld) return Promise.resolve();
    if (this.#isOver) return Promise.reject(endedError());
    if (this.#keeper.signal?.aborted) return Promise.reject(this.#keeper.signal.reason);
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<void>((resolve, reject) => this.#want({ signal, resolve, reject, onAbort: undefined }));
  }

  /** The place is there. */
  grant(): void {
    this.#isHeld = true;
    for (const want of this.#takeWanting()) want.resolve();
    // After those who waited have gone on.
    queueMicrotask(() => this.line.stamp());
  }

  /** There will be no place. */
  refuse(reason: unknown): void {
    for (const want of this.#takeWanting()) want.reject(reason);
  }

  /** The node has ended: what it held is free, and who still wants a place in its name gets none. */
  end(): void {
    this.#isOver = true;
    if (this.#isHeld) {
      this.#isHeld = false;
      this.#keeper.takeBack(this);
    } else if (this.#wanting !== undefined) {
      this.line.returning.delete(this);
      this.refuse(endedError());
    }
  }

  #want(want: Want): void {
    if (want.signal !== undefined) {
      want.onAbort = () => this.#giveUp(want);
      want.signal.addEventListener("abort", want.onAbort);
    }
    if (this.#wanting === undefined) {
      this.#wanting = new Set();
      this.ticket = this.#keeper.nextTicket();
      this.#keeper.queue(this);
    }
    this.#wanting.add(want);
  }

  #giveUp(want: Want): void {
    this.#wanting?.delete(want);
    if (this.#wanting?.size === 0) {
      this.#wanting = undefined;
      this.line.returning.delete(this);
      // Others may have stood behind it.
      this.#keeper.beginSoon();
    }
    stopListening(want);
    want.reject(want.signal?.reason);
  }

  #takeWanting(): Iterable<Want> {
    const wanting = this.#wanting ?? [];
    this.#wanting = undefined;
    for (const want of wanting) stopListening(want);
    return wanting;
  }
}

/** Somebody who waits for the place. */
interface Want {
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  onAbort: (() => void) | undefined;
}

function stopListening({ signal, onAbort }: Want): void {
  if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
}

function endedError(): DOMException {
  return new DOMException("The node has ended, and needs no place any more.", "AbortError");
}
