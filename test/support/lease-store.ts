import { type Machine, thisMachine } from "../../src/artifact/lease/lease-machine.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";

/**
 * A store in memory that claims to be seen by other processes, played by the same one. It has no
 * files and no synchronous door.
 */
export function sharedMemoryStore(): Store {
  const memory = memoryStore();
  return {
    url: memory.url,
    capabilities: { ...memory.capabilities, exclusiveCreate: true, shared: true },
    read: (...args) => memory.read(...args),
    stat: (...args) => memory.stat(...args),
    writeFresh: (...args) => memory.writeFresh(...args),
    createIfAbsent: (...args) => memory.createIfAbsent(...args),
    replace: (...args) => memory.replace(...args),
    move: (...args) => memory.move(...args),
    remove: (...args) => memory.remove(...args),
    list: (...args) => memory.list(...args),
    ...(memory.watch === undefined ? {} : { watch: memory.watch.bind(memory) }),
  };
}

/**
 * A host whose processes are played: they have numbers of their own, and die when they are told to.
 */
export class PlayedHost {
  readonly #dead = new Set<number>();
  #count = 0;

  start(): { readonly machine: Machine; readonly pid: number; die(): void } {
    const pid = ++this.#count;
    return {
      pid,
      machine: {
        ...thisMachine,
        self: { host: "played", pid },
        isCertainlyGone: (other) => this.#dead.has(other.pid),
      },
      die: () => this.#dead.add(pid),
    };
  }
}

/** A machine whose time stands still until it is moved. */
export class ManualMachine implements Machine {
  readonly self = { host: "manual", pid: 1 };
  readonly gone = new Set<number>();
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  #nowMs = 0;

  /** How many callbacks are to come. */
  get pending(): number {
    return this.#timers.size;
  }

  isCertainlyGone({ pid }: { readonly pid: number }): boolean {
    return this.gone.has(pid);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /**
   * Let time pass, with all callbacks that are due by then, and everything that follows from them
   * at once.
   */
  async pass(forMs: number): Promise<void> {
    this.#nowMs += forMs;
    for (const timer of [...this.#timers].sort((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs > this.#nowMs || !this.#timers.delete(timer)) continue;
      timer.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
