import { afterEach, expect, test, vi } from "vitest";
import type { Address } from "../../src/address/address.ts";
import { removeArtifact } from "../../src/artifact/publish/remove-artifact.ts";
import { type LayeredStore, layeredStore } from "../../src/entry/stores/layered.ts";
import { npy } from "../../src/format/built-in/built-in-formats.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { brokenArtifacts, type FaultyStore, faultyStore, objectsIn } from "../support/faulty-store.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const SEEDS = Number(process.env.PERSISTABLE_LAYERED_SEEDS ?? 3);
const STEPS = 40;
afterEach(() => {
  vi.useRealTimers();
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const numbers = definePersistable({
  name: "numbers",
  params: typedParams<{ readonly seed: number; readonly size: number }>(),
  format: npy(),
  generate: async ({ params }) => {
    // Others get their turn in the middle.
    await new Promise((resolve) => setImmediate(resolve));
    return new Float64Array(params.size).fill(params.seed);
  },
});

/**
 * Two machines and one remote, to which everything happens that may, in an order that a seed
 * decides.
 */
class Trouble {
  readonly remote: FaultyStore;
  readonly locals: readonly Store[] = [memoryStore(), memoryStore()];
  readonly machines: readonly LayeredStore[];
  readonly #random: SeededRandom;
  /** Whether objects are damaged behind the stores' backs. */
  readonly isDamaged: boolean;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.isDamaged = seed % 2 === 1;
    this.remote = faultyStore(memoryStore(), { exclusiveCreate: seed % 3 !== 0 });
    this.machines = this.locals.map((local) => layeredStore({ local, remote: this.remote, onRemoteFailure() {} }));
  }

  async step(): Promise<void> {
    const random = this.#random;
    this.remote.isDown = random.chance(0.1);
    this.remote.fails = () => random.chance(0.1) && (random.chance(0.5) || "late");
    // An artifact that is removed while it is copied elsewhere may end as a record without a
    // payload, which its readers heal.
    const jobs = random.chance(0.1)
      ? [() => random.pick(this.machines).push()]
      : Array.from({ length: 1 + random.below(3) }, () => this.#job());
    await Promise.all(jobs.map((job) => job()));
    // Sometimes long enough for another attempt, sometimes not.
    vi.advanceTimersByTime(random.below(4000));
    this.remote.isDown = false;
    this.remote.fails = () => false;
  }

  #job(): () => Promise<unknown> {
    const random = this.#random;
    const machine = random.pick(this.machines);
    const params = { seed: random.below(3), size: random.pick([10, 1000]) };
    const persistable = numbers(params, { dataDir: machine, logger: silent });
    if (random.chance(0.7)) return async () => this.expectRight(await persistable.payload, params);
    if (random.chance(0.4)) return () => removeArtifact(machine, "numbers", persistable.address as Address);
    // Every other seed stays undamaged, so that whatever is broken was broken by us.
    if (!this.isDamaged) return () => persistable.payload;
    return () => damageOne(random.pick([this.remote, ...this.locals]), random);
  }

  expectRight(payload: Float64Array, { seed, size }: { readonly seed: number; readonly size: number }): void {
    expect([payload.length, ...new Set(payload)]).toEqual([size, seed]);
  }

  async broken(): Promise<string[]> {
    return (await Promise.all([this.remote, ...this.locals].map(brokenArtifacts))).flat();
  }
}

async function damageOne(store: Store, random: SeededRandom): Promise<void> {
  const objects = await objectsIn(store).catch(() => new Map());
  if (objects.size === 0) return;
  const [path, bytes] = random.pick([...objects]);
  if (random.chance(0.3)) await store.remove(path).catch(() => false);
  else await store.replace(path, [bytes.with(random.below(bytes.length), 7)]).catch(() => {});
}

test(`no seed of ${SEEDS} loads anything wrong, or leaves half an artifact in either store`, async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  for (let seed = 0; seed < SEEDS; seed++) {
    const trouble = new Trouble(seed);
    for (let step = 0; step < STEPS; step++) {
      await trouble.step();
      if (!trouble.isDamaged) expect(await trouble.broken(), `seed ${seed}, step ${step}`).toEqual([]);
    }
    vi.advanceTimersByTime(120_000);
    // Over a good network every reader heals what is damaged and gets the right payload.
    for (const store of [...trouble.machines, trouble.remote])
      for (const size of [10, 1000])
        for (const wanted of [0, 1, 2])
          trouble.expectRight(await numbers({ seed: wanted, size }, { dataDir: store, logger: silent }).payload, {
            seed: wanted,
            size,
          });
  }
});
