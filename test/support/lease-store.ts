import { type Machine, thisMachine } from "../../src/artifact/lease-machine.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";

/** A store in memory that claims to be seen by other processes, played by the same one. It has no files and no synchronous door. */
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

/** A host whose processes are played: they have numbers of their own, and die when they are told to. */
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
