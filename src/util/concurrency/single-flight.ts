import { onAbort } from "./on-abort.ts";

/** Work under way, and the callers who wait for it. */
interface Flight<Result> {
  readonly promise: Promise<Result>;
  readonly controller: AbortController;
  waiters: number;
}

/**
 * Work that is done once for all callers who ask for it at the same time. A caller who gives up
 * does not disturb the others; the work is aborted when the last caller has given up.
 */
export class SingleFlight<Result> {
  readonly #flights = new Map<string, Flight<Result>>();

  /**
   * Joins the work under `key`, or begins it if none is under way.
   *
   * @returns the promise, and whether this call began the work
   */
  run(
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
  ): { promise: Promise<Result>; isLeader: boolean } {
    const known = this.#flights.get(key);
    const isLeader = known === undefined || known.controller.signal.aborted;
    const flight = isLeader ? this.#begin(key, work) : known;
    return { promise: wait(flight, signal), isLeader };
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<Result>): Flight<Result> {
    const controller = new AbortController();
    const promise = work(controller.signal).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    const flight: Flight<Result> = { controller, promise, waiters: 0 };
    this.#flights.set(key, flight);
    return flight;
  }
}

function wait<Result>(flight: Flight<Result>, signal: AbortSignal | undefined): Promise<Result> {
  flight.waiters += 1;
  if (signal === undefined) return flight.promise;
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, () => {
      reject(signal.reason);
      flight.waiters -= 1;
      if (flight.waiters === 0) flight.controller.abort(signal.reason);
    });
    flight.promise.then(resolve, reject).then(stopListening, stopListening);
  });
}
