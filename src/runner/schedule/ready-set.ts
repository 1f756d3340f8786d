import type { Shares } from "./limits.ts";
import { type Returner, WaitingLine } from "./pool-queue.ts";
import { FifoQueue, PriorityQueue } from "./ready-queue.ts";

/** What {@link WaitingRoom.take} found that is no node. */
export const Taken = { nothing: -1, returning: -2 } as const;

/** All that could begin, if there was a place: who takes what of the pools stands in line with those that take the same. */
export class WaitingRoom<Returning extends Returner> {
  /** From when on something could begin that only has to wait for time to pass; after nothing was found. */
  wakeAtMs: number = Number.POSITIVE_INFINITY;
  /** Who was found, where it was no node. */
  found: Returning | undefined;
  readonly #lines: readonly WaitingLine<Returning>[];
  readonly #shareOf: Int32Array | undefined;
  readonly #hasRates: boolean;
  readonly #priority: Float64Array | undefined;
  /** Where there are several lines, and no priority says who is first: when each node came. */
  readonly #arrival: Int32Array | undefined;
  /** Those where somebody waits, sorted when somebody is looked for; then almost sorted the next time. */
  readonly #busy: WaitingLine<Returning>[] = [];
  #arrived = 0;
  #nodes = 0;

  constructor(count: number, { shares, shareOf }: Shares, priority: Float64Array | undefined) {
    this.#lines = shares.map(
      (share) => new WaitingLine(share, priority === undefined ? new FifoQueue() : new PriorityQueue(priority)),
    );
    this.#shareOf = shareOf;
    this.#hasRates = this.#lines.some(({ hasRate }) => hasRate);
    this.#priority = priority;
    if (shareOf !== undefined && priority === undefined) this.#arrival = new Int32Array(count);
  }

  /** How many nodes wait. */
  get nodes(): number {
    return this.#nodes;
  }

  lineOf(node: number): WaitingLine<Returning> {
    return this.#lines[this.#shareOf === undefined ? 0 : (this.#shareOf[node] as number)] as WaitingLine<Returning>;
  }

  add(node: number): void {
    const line = this.lineOf(node);
    if (this.#arrival !== undefined) this.#arrival[node] = this.#arrived++;
    line.nodes.push(node);
    this.#nodes += 1;
    if (this.#shareOf !== undefined) this.#occupy(line);
  }

  addReturning(returning: Returning): void {
    const line = this.lineOf(returning.node);
    line.returning.add(returning);
    this.#occupy(line);
  }

  /** Nobody comes back any more. */
  refuseReturning(reason: unknown): void {
    for (const { returning } of this.#lines) {
      const refused = [...returning];
      returning.clear();
      for (const one of refused) one.refuse(reason);
    }
  }

  /** Who begins next; its share of the pools is taken. */
  take(withNodes: boolean): number {
    if (this.#shareOf !== undefined) return this.#takeFirstThatFits(withNodes);
    const line = this.#lines[0] as WaitingLine<Returning>;
    if (line.returning.size > 0) return this.#leave(line);
    if (!withNodes || this.#nodes === 0) return Taken.nothing;
    this.#nodes -= 1;
    return line.nodes.shift();
  }

  #takeFirstThatFits(withNodes: boolean): number {
    this.#sort();
    const nowMs = this.#hasRates ? performance.now() : 0;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    const busy = this.#busy;
    let taken: number = Taken.nothing;
    let passed = 0;
    for (; passed < busy.length; passed++) {
      const line = busy[passed] as WaitingLine<Returning>;
      if (!withNodes && line.returning.size === 0) continue;
      if (line.mayBegin(nowMs)) {
        line.take();
        taken = this.#leave(line);
        break;
      }
      if (this.#hasRates) this.wakeAtMs = Math.min(this.wakeAtMs, line.rateFitsAtMs(nowMs));
    }
    while (passed > 0) (busy[--passed] as WaitingLine<Returning>).dropReserved();
    return taken;
  }

  #leave(line: WaitingLine<Returning>): number {
    const returning = line.firstReturning();
    if (returning !== undefined) {
      line.returning.delete(returning);
      this.found = returning;
      return Taken.returning;
    }
    this.#nodes -= 1;
    return line.nodes.shift();
  }

  #occupy(line: WaitingLine<Returning>): void {
    if (line.isBusy) return;
    line.isBusy = true;
    this.#busy.push(line);
  }

  /** In the order of who is first in each line. */
  #sort(): void {
    const busy = this.#busy;
    let end = 0;
    for (const line of busy) {
      if (line.returning.size === 0 && line.nodes.size === 0) {
        line.isBusy = false;
        continue;
      }
      let at = end;
      while (at > 0 && this.#isBefore(line, busy[at - 1] as WaitingLine<Returning>)) {
        busy[at] = busy[at - 1] as WaitingLine<Returning>;
        at -= 1;
      }
      busy[at] = line;
      end += 1;
    }
    busy.length = end;
  }

  /** Who comes back is before all nodes: it holds on to what it has done so far. */
  #isBefore(a: WaitingLine<Returning>, b: WaitingLine<Returning>): boolean {
    const aReturning = a.firstReturning();
    const bReturning = b.firstReturning();
    if (aReturning !== undefined || bReturning !== undefined)
      return aReturning !== undefined && (bReturning === undefined || aReturning.ticket < bReturning.ticket);
    const order = this.#priority ?? (this.#arrival as Int32Array);
    const aKey = order[a.nodes.peek()] as number;
    const bKey = order[b.nodes.peek()] as number;
    return this.#priority === undefined ? aKey < bKey : aKey > bKey;
  }
}
