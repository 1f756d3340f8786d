import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnyPersistable, definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import {
  plan,
  RunCancelledError,
  type RunEvent,
  RunFailedError,
  type RunResult,
  run,
} from "../../src/entry/pipeline.ts";

/** Roles that no type knows beforehand. */
type Roles = Record<`from${number}`, () => AnyPersistable>;

const numRuns = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 150) / 10;

interface Shape {
  /** For each node, the earlier nodes that it is made from. */
  readonly dependencies: readonly (readonly number[])[];
  readonly targets: readonly number[];
  /** Artifacts that are there before the run. */
  readonly persisted: readonly number[];
  /** Nodes whose generator fails. */
  readonly broken: readonly number[];
  readonly keepGoing: "stop" | "independent" | "everything";
  readonly concurrency: number;
  /** The run is aborted when this many generators have begun. */
  readonly abortAfter: number | undefined;
  readonly retries: number;
}

const shapes: fc.Arbitrary<Shape> = fc.integer({ min: 1, max: 14 }).chain((count) => {
  const node = fc.integer({ min: 0, max: count - 1 });
  const some = fc.uniqueArray(node, { maxLength: 4 });
  return fc.record({
    dependencies: fc.tuple(
      ...Array.from({ length: count }, (_, i) =>
        i === 0 ? fc.constant([]) : fc.uniqueArray(fc.integer({ min: 0, max: i - 1 }), { maxLength: 3 }),
      ),
    ),
    targets: fc.uniqueArray(node, { minLength: 1, maxLength: 4 }),
    persisted: some,
    broken: fc.oneof(fc.constant([]), some),
    keepGoing: fc.constantFrom("stop", "independent", "everything"),
    concurrency: fc.integer({ min: 1, max: 5 }),
    abortAfter: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 3 }),
    retries: fc.integer({ min: 0, max: 1 }),
  });
});

/** The pipeline of a shape, and what its generators did. */
class World {
  readonly nodes: AnyPersistable[] = [];
  readonly begun: number[] = [];
  readonly through: number[] = [];
  readonly problems: string[] = [];
  readonly #triesEverything: boolean;
  broken: ReadonlySet<number>;
  onBegin: () => void = () => {};

  constructor(shape: Shape) {
    this.#triesEverything = shape.keepGoing === "everything";
    this.broken = new Set(shape.broken);
    const dataDir = memoryStore();
    shape.dependencies.forEach((indices, id) => {
      const roles = indices.map((index) => [`from${index}`, this.nodes[index]] as const);
      const definition = definePersistable({
        name: `kind${id % 3}`,
        params: typedParams<{ id: number }>(),
        dependencies: Object.fromEntries(roles.map(([role]) => [role, () => this.nodes[0] as AnyPersistable])) as Roles,
        generate: async ({ dependencies, signal }) => this.#generate(id, Object.values(dependencies), signal),
      });
      this.nodes.push(definition({ id, ...Object.fromEntries(roles) } as never, { dataDir }));
    });
  }

  async #generate(id: number, dependencies: readonly AnyPersistable[], signal: AbortSignal): Promise<number> {
    this.begun.push(id);
    this.onBegin();
    if (this.through.includes(id)) this.problems.push(`${id} was generated twice`);
    for (const dependency of dependencies) {
      // With `"everything"`, a node does not wait for a dependency that could not be generated.
      if (!this.#triesEverything && (await dependency.explain()).state !== "hit")
        this.problems.push(`${id} was begun before ${dependency.name} was there`);
    }
    if (this.broken.has(id)) throw new Error(`${id} is broken`);
    const values = (await Promise.all(dependencies.map(({ payload }) => payload))) as number[];
    await new Promise((resolve) => setImmediate(resolve));
    // A payload that is finished after an abort is not kept, since it might be incomplete.
    signal.throwIfAborted();
    this.through.push(id);
    return values.reduce((sum, value) => sum + value, 1);
  }
}

/** The right payload of each node: one plus the payloads that it is made from. */
function payloadIn(shape: Shape, id: number): number {
  return (shape.dependencies[id] ?? []).reduce((sum, index) => sum + payloadIn(shape, index), 1);
}

/** The nodes that the targets need and that are missing, without anything upstream of a hit. */
function missingOf(shape: Shape, persisted: ReadonlySet<number>): Set<number> {
  const missing = new Set<number>();
  const visit = (id: number): void => {
    if (persisted.has(id) || missing.has(id)) return;
    missing.add(id);
    for (const index of shape.dependencies[id] ?? []) visit(index);
  };
  for (const target of shape.targets) visit(target);
  return missing;
}

async function runOnce(shape: Shape, world: World): Promise<{ result: RunResult; events: RunEvent[] }> {
  const abort = new AbortController();
  let begun = 0;
  world.onBegin = () => {
    begun++;
    if (begun === shape.abortAfter) abort.abort();
  };
  const events: RunEvent[] = [];
  const running = run(
    shape.targets.map((target) => world.nodes[target] as AnyPersistable),
    {
      keepGoing: shape.keepGoing,
      concurrency: shape.concurrency,
      signal: abort.signal,
      retries: { retries: shape.retries, minDelayMs: 0 },
      onEvent: (event) => events.push(event),
    },
  );
  const result = await running.catch((error: unknown) => {
    if (error instanceof RunFailedError || error instanceof RunCancelledError) return error.result;
    throw error;
  });
  return { result, events };
}

test("any run of any pipeline generates each node at most once, after what it is made from, and leaves a sound store", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const world = new World(shape);
      const isBroken = world.broken;
      world.broken = new Set();
      for (const id of shape.persisted)
        await (world.nodes[id] as unknown as { generate(): Promise<unknown> }).generate();
      const persisted = new Set(world.through);
      world.begun.length = 0;
      world.through.length = 0;
      world.problems.length = 0;
      world.broken = isBroken;
      const missing = missingOf(shape, persisted);
      const { counts } = await plan(shape.targets.map((target) => world.nodes[target] as AnyPersistable));
      expect(counts.miss + counts.blocked).toBe(missing.size);

      const { result, events } = await runOnce(shape, world);

      expect(world.problems).toEqual([]);
      expect(new Set(world.through).size).toBe(world.through.length);
      for (const id of world.begun) expect(missing.has(id)).toBe(true);
      // Each node ends once, and everything is accounted for.
      const ends = events.filter(({ type }) => ["hit", "generated", "failed", "cancelled"].includes(type));
      expect(new Set(ends.map((event) => ("index" in event ? event.index : -1))).size).toBe(ends.length);
      expect(result.generated + result.failed + result.cancelled).toBe(missing.size);
      expect(ends).toHaveLength(result.hits + missing.size);
      if (result.state === "completed") expect(result.generated).toBe(missing.size);
      for (const event of events) {
        if (event.type !== "generated") continue;
        const node = world.nodes.find(({ address }) => address === event.address) as AnyPersistable;
        expect((await node.explain()).state).toBe("hit");
      }
      if (shape.keepGoing === "independent" && shape.abortAfter === undefined) {
        const isReached = (id: number): boolean =>
          !isBroken.has(id) && (shape.dependencies[id] ?? []).every((index) => !missing.has(index) || isReached(index));
        expect([...world.through].sort()).toEqual([...missing].filter(isReached).sort());
      }

      // After the generators are fixed, a second run goes on from there.
      world.broken = new Set();
      const before = new Set(world.through);
      await runOnce({ ...shape, abortAfter: undefined }, world);
      expect(world.problems).toEqual([]);
      for (const id of before) expect(world.through.filter((other) => other === id)).toHaveLength(1);
      for (const target of shape.targets)
        expect(await (world.nodes[target] as AnyPersistable).payload).toBe(payloadIn(shape, target));
    }),
    { numRuns },
  );
});
