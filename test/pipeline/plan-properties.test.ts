import fc from "fast-check";
import { type AnyPersistable, memoryStore, Persistable, type Store } from "persistable-ts";
import { plan } from "persistable-ts/pipeline";
import { expect, it } from "vitest";

const RUNS = Number(process.env.PERSISTABLE_TEST_PLAN_GRAPHS ?? 60);

class Part extends Persistable<number, { readonly index: number }, Readonly<Record<string, AnyPersistable>>> {
  static override readonly payloadName = "part";
  protected override generatePayload(): number {
    return this.params.index;
  }
}

/** For each node: which earlier ones it is made from, whether it is there, asked for, forced. */
const graphs = fc
  .array(
    fc.record({
      from: fc.uniqueArray(fc.nat(), { maxLength: 4 }),
      isThere: fc.boolean(),
      isTarget: fc.boolean(),
      isForced: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    }),
    { minLength: 1, maxLength: 24 },
  )
  .map((nodes) =>
    nodes.map(({ from, ...node }, index) => ({
      ...node,
      from: index === 0 ? [] : [...new Set(from.map((any) => any % index))],
    })),
  );

it("agrees with a simple model for random graphs of which random parts are there", async () => {
  await fc.assert(
    fc.asyncProperty(graphs, async (nodes) => {
      const dataDir = memoryStore();
      const parts: Part[] = [];
      for (const { from } of nodes) parts.push(buildPart(dataDir, parts, from));
      for (const [index, { isThere }] of nodes.entries())
        if (isThere) await dataDir.createIfAbsent(`part/${parts[index]?.address}.json` as never, []);
      const pick = (key: "isTarget" | "isForced"): Part[] => parts.filter((_, index) => nodes[index]?.[key]);
      const planned = await plan(pick("isTarget"), { force: pick("isForced") });

      const known = new Map(planned.nodes.map((node) => [node.address, node]));
      expect(known.size).toBe(planned.nodes.length);
      const isMade = (index: number): boolean => !nodes[index]?.isThere || nodes[index]?.isForced === true;
      const needed = new Set<number>();
      const need = (index: number): void => {
        needed.add(index);
        if (isMade(index)) for (const upstream of nodes[index]?.from ?? []) need(upstream);
      };
      const reached = new Set<number>();
      const reach = (index: number): void => {
        reached.add(index);
        for (const upstream of nodes[index]?.from ?? []) reach(upstream);
      };
      nodes.forEach(({ isTarget, isForced }, index) => {
        if (!isTarget && !isForced) return;
        need(index);
        reach(index);
      });
      expect(planned.nodes).toHaveLength(reached.size);
      for (const index of reached) {
        const node = known.get(parts[index]?.address as never);
        const from = nodes[index]?.from ?? [];
        const isBlocked = needed.has(index) && from.some(isMade);
        expect(node?.state).toBe(isMade(index) ? (isBlocked ? "blocked" : "miss") : "hit");
        expect(node?.isNeeded).toBe(needed.has(index));
        expect(node?.isTarget).toBe(nodes[index]?.isTarget);
        expect(new Set(node?.dependencies.map(({ address }) => address))).toEqual(
          new Set(from.map((upstream) => parts[upstream]?.address)),
        );
        for (const dependency of node?.dependencies ?? []) expect(dependency.index).toBeLessThan(node?.index as number);
      }
      const { hit, miss, blocked, notNeeded } = planned.counts;
      expect(hit + miss + blocked).toBe(needed.size);
      expect(notNeeded).toBe(reached.size - needed.size);
    }),
    { numRuns: RUNS },
  );
});

function buildPart(dataDir: Store, parts: readonly Part[], from: readonly number[]): Part {
  const dependencies = Object.fromEntries(from.map((index) => [`part${index}`, parts[index] as Part]));
  return new Part({ dataDir, params: { index: parts.length }, dependencies });
}
