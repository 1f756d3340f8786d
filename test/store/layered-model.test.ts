import { afterEach, expect, test, vi } from "vitest";
import {
  ArtifactInFlightError,
  CorruptArtifactError,
  collectOrphans,
  NotPersistedError,
  StoreError,
} from "../../src/entry/index.ts";
import { type LayeredMode, type LayeredStore, layeredStore } from "../../src/entry/stores/layered.ts";
import { isIntact } from "../../src/record/record-text.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store, StorePath } from "../../src/store/store.ts";
import { brokenArtifacts, digestsIn, type FaultyStore, faultyStore } from "../support/faulty-store.ts";
import { damageIn, isRecordPath, type PayloadKind, payloadKinds } from "../support/payload-kinds.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const SEEDS = Number(process.env.PERSISTABLE_LAYERED_MODEL_SEEDS ?? 3);
const STEPS = 30;
const modes: readonly LayeredMode[] = [
  "local:rw,remote:rw",
  "local:rw,remote:rw",
  "local:rw,remote:r",
  "local:r,remote:rw",
];
const later = () => ({ nowMs: Date.now() + 2 * 24 * 60 * 60 * 1000 });
const kinds = payloadKinds;

afterEach(() => {
  vi.useRealTimers();
});

interface Machine {
  readonly mode: LayeredMode;
  readonly local: Store;
  store: LayeredStore;
  /**
   * The artifacts that were removed here while the remote was away, which a later call may remove
   * there.
   */
  readonly removed: Set<string>;
}

/**
 * Two machines whose local stores are damaged, and one remote that fails; each step is checked
 * against what it may change.
 */
class World {
  readonly remote: FaultyStore;
  readonly machines: readonly Machine[];
  readonly random: SeededRandom;
  /** Every value that a generator has given, by kind: nothing else may ever be read. */
  readonly made = new Map<string, Set<number>>();
  #maker = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.remote = faultyStore(memoryStore(), { exclusiveCreate: seed % 4 !== 0 });
    this.machines = [0, 1].map(() => {
      const [mode, local] = [this.random.pick(modes), memoryStore()];
      return { mode, local, store: this.open(local, mode), removed: new Set<string>() };
    });
  }

  open(local: Store, mode: LayeredMode): LayeredStore {
    return layeredStore({ local, remote: this.remote, mode, onRemoteFailure() {} });
  }

  async step(): Promise<void> {
    const { random, remote } = this;
    const machine = random.pick(this.machines);
    const kind = random.pick(kinds);
    if (random.chance(0.2)) machine.store = this.open(machine.local, machine.mode);
    const before = await recordsIn(remote);
    remote.isDown = random.chance(0.2);
    if (random.chance(0.5)) remote.fails = () => random.chance(0.15) && (random.chance(0.5) || "late");
    const act = random.below(20);
    const name = await this.#act(machine, kind, act).finally(() => {
      remote.isDown = false;
      remote.fails = () => false;
    });
    const note = `${name} of ${kind.name} by ${this.machines.indexOf(machine)} (${machine.mode})`;
    expect(await brokenArtifacts(remote), note).toEqual([]);
    const mayChange = /^(generate|remove|push send)$/.test(name);
    for (const [path, bytes] of before) {
      const isOurs = path.startsWith(`${kind.name}/`);
      if ((mayChange && (isOurs || name === "push send")) || this.#wasRemoved(machine, path)) continue;
      expect((await remote.read(path)) ?? "it was removed", `${note}: ${path}`).toEqual(bytes);
    }
    vi.advanceTimersByTime(random.below(4000));
  }

  #wasRemoved({ removed }: Machine, path: string): boolean {
    return removed.has(path.slice(0, path.indexOf("/")));
  }

  async #act(machine: Machine, kind: PayloadKind, act: number): Promise<string> {
    const { random } = this;
    if (act < 4) return this.#ask(machine, kind, "load");
    if (act < 10) return this.#ask(machine, kind, "loadOrGenerate");
    if (act < 12) return this.#ask(machine, kind, "generate");
    if (act < 14) {
      await this.#tolerating(async () => {
        await kind.at(machine.store).remove();
        machine.removed.add(kind.name);
      });
      return "remove";
    }
    if (act < 17) {
      if (machine.mode !== "local:r,remote:rw")
        await damageIn(
          machine.local,
          random.pick(["flip", "cut", "remove"]),
          (path) => path.startsWith(`${kind.name}/`) && random.chance(0.7),
        );
      return "damage";
    }
    if (act < 18) {
      await this.#tolerating(() => collectOrphans(machine.store, kind.name, later()));
      return "orphan hunt";
    }
    if (machine.mode !== "local:rw,remote:rw") return "nothing";
    const different = random.pick(["keep", "send", "take"] as const);
    await machine.store.push({ different });
    return `push ${different}`;
  }

  async #ask(machine: Machine, kind: PayloadKind, how: "load" | "loadOrGenerate" | "generate"): Promise<string> {
    const maker = (++this.#maker % 250) + 1;
    const made = this.made.get(kind.name) ?? new Set();
    this.made.set(kind.name, made);
    made.add(maker);
    await this.#tolerating(async () => {
      const read = await kind.ask(machine.store, maker, how);
      expect([...made]).toContain(read);
      if (how === "generate") expect(read).toBe(maker);
    });
    return how;
  }

  /**
   * A store may say that it failed, a load that there is nothing or that it is damaged here, and a
   * reader of a damaged stream that the remote's has taken its place.
   */
  async #tolerating(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const told = [StoreError, CorruptArtifactError, NotPersistedError, ArtifactInFlightError];
      if (!told.some((known) => error instanceof known)) throw error;
    }
  }

  /**
   * Pushes over a good network: the differences are counted and settled, and then every machine
   * reads the same.
   */
  async settle(): Promise<void> {
    for (const machine of this.machines) {
      machine.store = this.open(machine.local, "local:rw,remote:rw");
      await machine.store.push();
      const pushed = await machine.store.push();
      const [own, theirs] = [await recordsIn(machine.local), await recordsIn(this.remote)];
      const differing = [...own].filter(([path, bytes]) => {
        const other = theirs.get(path);
        return isIntact(bytes) && other !== undefined && Buffer.compare(other, bytes) !== 0;
      });
      expect(pushed.failed).toBe(0);
      expect(pushed.different).toBe(differing.length);
    }
    const [first, second] = this.machines as [Machine, Machine];
    await first.store.push({ different: "send" });
    await second.store.push({ different: "take" });
    const damaged = [(await first.store.push({ different: "take" })).damaged, (await second.store.push()).damaged];
    expect(await brokenArtifacts(this.remote)).toEqual([]);
    for (const kind of kinds) {
      const read = await kind.ask(this.remote, 251, "loadOrGenerate");
      const made = [...(this.made.get(kind.name) ?? []), 251];
      expect(made).toContain(read);
      for (const [index, { store }] of this.machines.entries()) {
        const own = await kind.ask(store, 252, "loadOrGenerate");
        // Of files that were handed out a whole copy may be left, although push has told that they
        // are damaged here.
        if (damaged[index] === 0) expect(own, kind.name).toBe(read);
        else expect(made).toContain(own);
      }
    }
  }
}

async function recordsIn(store: Store): Promise<Map<StorePath, Uint8Array>> {
  const records = new Map<StorePath, Uint8Array>();
  for (const path of (await digestsIn(store)).keys()) {
    const bytes = isRecordPath(path) ? await store.read(path) : undefined;
    if (bytes !== undefined) records.set(path, bytes);
  }
  return records;
}

test(`in ${SEEDS} random lives nothing is lost in the remote, nothing wrong is read, and nothing differs unseen`, async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const first = Number(process.env.PERSISTABLE_LAYERED_MODEL_FIRST ?? 0);
  for (let seed = first; seed < first + SEEDS; seed++) {
    const world = new World(seed);
    try {
      for (let step = 0; step < STEPS; step++) await world.step();
      vi.advanceTimersByTime(120_000);
      await world.settle();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});
