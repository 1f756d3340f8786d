import type { Store, StorePath, StoreWatch } from "../../store/store.ts";
import type { Machine } from "./lease-machine.ts";

/** Why a wait ended: what is waited for may be there, or a while has passed. */
export type Wake = "awaited-changed" | "claims-changed" | "poll";

/** Changes that come closer together than this wake once. */
const BURST_MS = 10;

/**
 * Ends waits: when something changed in a folder, at the latest after the poll time. A store may
 * miss changes (those of other machines mostly) and may tell of changes that are none, so whoever
 * wakes looks for themselves.
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

  /** Wake for changes in that folder, too. */
  watch(store: Store, folder: StorePath | undefined, wake: Wake): void {
    if (folder === undefined) return;
    try {
      const watch = store.watch?.(folder, () => this.ring(wake));
      if (watch !== undefined) this.#watches.push(watch);
    } catch {
      // The folder is not there yet, or the system is out of watches: polling goes on.
    }
  }

  ring(wake: Wake): void {
    this.#changed.add(wake);
    this.#notice();
  }

  /**
   * The next wake. Changes that come in a burst (many processes work in the same folders) make one.
   *
   * @throws the signal's reason, at once.
   */
  next(): Promise<Wake> {
    const signal = this.#signal;
    const calledOff: (() => void)[] = [];
    const waited = new Promise<Wake>((resolve, reject) => {
      const finish = (): void => resolve(this.#takeWake());
      const abort = (): void => reject(signal?.reason);
      // At different moments in different processes, so that they do not all look at once.
      calledOff.push(this.#machine.after(this.#pollMs * (0.75 + Math.random() / 2), finish));
      this.#notice = () => {
        this.#notice = ignore;
        const restMs = this.#wokeMs + BURST_MS - this.#machine.nowMs();
        calledOff.push(this.#machine.after(Math.max(0, restMs), finish));
      };
      if (this.#changed.size > 0) this.#notice();
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
      calledOff.push(() => signal?.removeEventListener("abort", abort));
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
