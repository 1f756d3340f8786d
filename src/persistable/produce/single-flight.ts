/** One piece of work that several callers wait for. */
interface Flight<Result> {
  readonly promise: Promise<Result>;
  readonly controller: AbortController;
  waiters: number;
}

/**
 * Work that is done once for all who ask for it at the same time. A caller who gives up leaves the others alone; the work is
 * aborted when the last caller has given up.
 */
export class SingleFlight<Result> {
  readonly #flights = new Map<string, Flight<Result>>();

  /**
   * The result of the work under `key`, begun now unless it is under way.
   *
   * @returns the promise, and whether this caller began the work.
   */
  run(
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
  ): { promise: Promise<Result>; isLeader: boolean } {
    let flight = this.#flights.get(key);
    const isLeader = flight === undefined || flight.controller.signal.aborted;
    if (flight === undefined || isLeader) {
      const controller = new AbortController();
      const begun: Flight<Result> = {
        controller,
        waiters: 0,
        promise: work(controller.signal).finally(() => {
          if (this.#flights.get(key) === begun) this.#flights.delete(key);
        }),
      };
      flight = begun;
      this.#flights.set(key, begun);
    }
    return { promise: this.#wait(flight, signal), isLeader };
  }

  #wait(flight: Flight<Result>, signal: AbortSignal | undefined): Promise<Result> {
    flight.waiters += 1;
    if (signal === undefined) return flight.promise;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        reject(signal.reason);
        flight.waiters -= 1;
        if (flight.waiters === 0) flight.controller.abort(signal.reason);
      };
      if (signal.aborted) {
        flight.promise.catch(() => {});
        giveUp();
        return;
      }
      signal.addEventListener("abort", giveUp, { once: true });
      flight.promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    });
  }
}
