import { isPromise } from "../../util/is-promise.ts";
import type { RunningNode } from "./running-node.ts";

/** Who wants to know how nodes end. */
export interface Settlement {
  settleDone(running: RunningNode): void;
  settleFailed(running: RunningNode, error: unknown): void;
  beginNext(): void;
}

/** Hears how a node ends. There are as many as nodes that run at the same time: no node makes functions of its own. */
export class Settler {
  readonly #schedule: Settlement;
  readonly #idle: Settler[];
  #running: RunningNode | undefined;

  constructor(schedule: Settlement, idle: Settler[]) {
    this.#schedule = schedule;
    this.#idle = idle;
  }

  settleAfter(running: RunningNode, ending: PromiseLike<void>): void {
    this.#running = running;
    const promise = isPromise(ending) ? ending : Promise.resolve(ending);
    promise.then(this.#onDone, this.#onFailed);
  }

  readonly #onDone = (): void => {
    const running = this.#leave();
    this.#schedule.settleDone(running);
    this.#schedule.beginNext();
  };

  readonly #onFailed = (error: unknown): void => {
    const running = this.#leave();
    this.#schedule.settleFailed(running, error);
    this.#schedule.beginNext();
  };

  #leave(): RunningNode {
    const running = this.#running as RunningNode;
    this.#running = undefined;
    this.#idle.push(this);
    return running;
  }
}
