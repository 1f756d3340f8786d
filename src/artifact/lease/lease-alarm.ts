import type { Store, StorePath, StoreWatch } from "../../store/store.ts";
import { onAbort } from "../../util/concurrency/on-abort.ts";
import type { Machine } from "./lease-machine.ts";

/**
 * The reason why a wait ended: the awaited artifact may be there, claims have changed, or the poll
 * time has passed.
 */
export type Wake = "awaited-changed" | "claims-changed" | "poll";

/** Changes closer together than this end one wait. */
const BURST_MS = 10;

/**
 * Ends waits when something changed in a folder, and at the latest after the poll time. A store may
 * miss changes (mostly those of other machines) and may report changes that did not happen, so the
 * waiter checks for itself.
 */
export class Alarm {
  readonly #machine: Machine;
  readonly #signal: AbortSignal | undefined;
  readonly #pollMs: number;
  readonly #watches: StoreWatch[] = [];
  readonly #changed = new Set<Wake>();
  #notice = ignore;
  #wokeMs = Number.NEGATIVE_INFINITY;

  constructor(machine: Machine, pollMs: number, signal: AbortSignal | undefined) {
    this.#machine = machine;
    this.#pollMs = pollMs;
    this.#signal = signal;
  }

  /** Also ends waits for changes in that folder. */
  watch(store: Store, folder: StorePath | undefined, wake: Wake): void {
    if (folder === undefined) return;
    try {
      const watch = store.watch?.(folder, () => this.ring(wake));
      if (watch !== undefined) this.#watches.push(watch);
    } catch {
      // The folder does not exist yet, or the system is out of watches: polling goes on.
    }
  }

  ring(wake: Wake): void {
    this.#changed.add(wake);
    this.#notice();
  }

  /**
   * Resolves with the next wake. A burst of changes (many processes work in the same folders) is
   * one wake.
   *
   * @throws the signal's reason, as soon as it is aborted
   */
  next(): Promise<Wake> {
    const signal = this.#signal;
    const calledOff: (() => void)[] = [];
    const waited = new Promise<Wake>((resolve, reject) => {
      const finish = (): void => resolve(this.#takeWake());
      // The delay differs between processes, so that they do not all check at once.
      calledOff.push(this.#machine.after(this.#pollMs * (0.75 + Math.random() / 2), finish));
      this.#notice = () => {
        this.#notice = ignore;
        const restMs = this.#wokeMs + BURST_MS - this.#machine.nowMs();
        calledOff.push(this.#machine.after(Math.max(0, restMs), finish));
      };
      if (this.#changed.size > 0) this.#notice();
      calledOff.push(onAbort(signal, () => reject(signal?.reason)));
    });
    return waited.finally(() => {
      this.#notice = ignore;
      for (const callOff of calledOff) callOff();
    });
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }

  #takeWake(): Wake {
    const wake = this.#changed.has("awaited-changed")
      ? "awaited-changed"
      : this.#changed.has("claims-changed")
        ? "claims-changed"
        : "poll";
    this.#changed.clear();
    this.#wokeMs = this.#machine.nowMs();
    return wake;
  }
}

function ignore(): void {}
