import { describe, expect, test } from "vitest";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A definition whose generator waits to be let go, and counts. */
function gated() {
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const counts = { generated: 0, aborted: 0 };
  const definition = definePersistable({
    name: "gated",
    params: typedParams<{ n: number }>(),
    generate: async ({ params, signal }) => {
      counts.generated += 1;
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          counts.aborted += 1;
          reject(signal.reason);
        });
      });
      await Promise.race([gate, stopped]);
      return { n: params.n };
    },
  });
  return { definition, counts, open: () => open() };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 30));

describe("in one process", () => {
  test("concurrent requests for one address share one generation", async () => {
    await using folder = await temporaryFolder();
    const { definition, counts, open } = gated();
    const one = definition({ n: 1 }, { dataDir: folder.path, logger });
    const other = definition({ n: 1 }, { dataDir: folder.path, logger });
    const all = Promise.all([
      one.payload,
      one.payload,
      other.payload,
      one.loadOrGenerate(),
      definition({ n: 2 }, { dataDir: folder.path, logger }).payload,
    ]);
    await turn();
    open();
    expect(await all).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }, { n: 1 }, { n: 2 }]);
    expect(counts.generated).toBe(2);
  });

  test("one who gives up leaves the others waiting for the same work", async () => {
    const dataDir = memoryStore();
    const { definition, counts, open } = gated();
    const impatient = new AbortController();
    const first = definition({ n: 1 }, { dataDir, logger }).loadOrGenerate({ signal: impatient.signal });
    const second = definition({ n: 1 }, { dataDir, logger }).loadOrGenerate();
    await turn();
    impatient.abort(new Error("no patience"));
    await expect(first).rejects.toThrow("no patience");
    open();
    expect(await second).toEqual({ n: 1 });
    expect(counts).toEqual({ generated: 1, aborted: 0 });
  });

  test("the work is aborted when the last one has given up, and can be begun again", async () => {
    const dataDir = memoryStore();
    const { definition, counts, open } = gated();
    const controllers = [new AbortController(), new AbortController()];
    const waiting = controllers.map(({ signal }) =>
      definition({ n: 1 }, { dataDir, logger }).loadOrGenerate({ signal }),
    );
    await turn();
    for (const controller of controllers) controller.abort(new Error("enough"));
    for (const promise of waiting) await expect(promise).rejects.toThrow("enough");
    await turn();
    expect(counts).toEqual({ generated: 1, aborted: 1 });
    open();
    expect(await definition({ n: 1 }, { dataDir, logger }).payload).toEqual({ n: 1 });
    expect(counts.generated).toBe(2);
  });

  test("a signal that is aborted already generates nothing", async () => {
    const { definition, counts } = gated();
    await expect(
      definition({ n: 1 }, { dataDir: memoryStore() }).loadOrGenerate({
        signal: AbortSignal.abort(new Error("before")),
      }),
    ).rejects.toThrow("before");
    expect(counts.generated).toBe(0);
  });

  test("a failure reaches everybody who waits, and is not remembered", async () => {
    const dataDir = memoryStore();
    let failing = true;
    const flaky = definePersistable({
      name: "flaky",
      generate: async () => {
        await turn();
        if (failing) throw new Error("down");
        return "up";
      },
    });
    const all = [1, 2, 3].map(() => flaky({}, { dataDir, logger }).payload);
    for (const promise of all) await expect(promise).rejects.toThrow("down");
    failing = false;
    expect(await flaky({}, { dataDir, logger }).payload).toBe("up");
  });

  test("callers cannot reach each other through what cannot be frozen", async () => {
    const dataDir = memoryStore();
    const maps = definePersistable({ name: "maps", generate: () => new Map([["a", Float64Array.of(1)]]) });
    const all = await Promise.all([1, 2, 3].map(() => maps({}, { dataDir, logger }).payload));
    all[0]?.clear();
    expect(all[1]?.get("a")).toEqual(Float64Array.of(1));
    const [x, y] = [await maps({}, { dataDir, logger }).payload, await maps({}, { dataDir, logger }).payload];
    expect(x).not.toBe(y);
  });

  test("a payload may be shared, or fresh, on request", async () => {
    const dataDir = memoryStore();
    const array = definePersistable({ name: "array", generate: () => Float64Array.of(1) });
    const shared = array({}, { dataDir, memory: "shared", logger });
    expect(await shared.payload).toBe(await shared.payload);
    const fresh = definePersistable({ name: "plain", memory: "fresh", generate: () => ({ list: [1] }) })(
      {},
      { dataDir, logger },
    );
    (await fresh.payload).list.push(2);
    expect(await fresh.payload).toEqual({ list: [1] });
  });
});
