import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mapConcurrently } from "../../src/util/concurrency/map-concurrently.ts";

describe("mapConcurrently", () => {
  test("gives the results in the order of the items, within the limit", async () => {
    const waits = fc.array(fc.nat(3), { maxLength: 30 });
    const limit = fc.constantFrom(1, 2, 5, 100, Number.POSITIVE_INFINITY);
    await fc.assert(
      fc.asyncProperty(waits, limit, async (turns, concurrency) => {
        let running = 0;
        let most = 0;
        const work = async (count: number, index: number): Promise<string> => {
          most = Math.max(most, ++running);
          for (let turn = 0; turn < count; turn++) await setImmediate();
          running -= 1;
          return `${index}: ${count}`;
        };
        const results = await mapConcurrently(turns.values(), work, { concurrency });
        expect(results).toEqual(turns.map((count, index) => `${index}: ${count}`));
        expect(most).toBeLessThanOrEqual(concurrency);
      }),
    );
  });

  test.each([0, -1, Number.NaN])("does the work one after another where the limit is %s", async (concurrency) => {
    expect(await mapConcurrently([1, 2, 3], (item) => item * 2, { concurrency })).toEqual([2, 4, 6]);
  });

  test("begins nothing after a failure, and tells it when all that had begun has ended", async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const mapped = mapConcurrently(
      [0, 1, 2, 3, 4, 5],
      async (item) => {
        begun.push(item);
        if (item === 1) throw new Error("first");
        for (let turn = 0; turn < 3; turn++) await setImmediate();
        ended.push(item);
        if (item === 2) throw new Error("second");
      },
      { concurrency: 3 },
    );
    await expect(mapped).rejects.toThrow("first");
    expect([begun, ended]).toEqual([
      [0, 1, 2],
      [0, 2],
    ]);
  });

  test("begins nothing after an abort, and tells its reason when all that had begun has ended", async () => {
    const abort = new AbortController();
    const reason = new Error("enough");
    let ended = 0;
    const work = async (item: number): Promise<void> => {
      if (item === 2) abort.abort(reason);
      await setImmediate();
      ended += 1;
    };
    const mapped = mapConcurrently([1, 2, 3, 4, 5], work, { concurrency: 2, signal: abort.signal });
    await expect(mapped).rejects.toBe(reason);
    expect(ended).toBe(2);
  });

  test("takes no item before its turn, and closes an iterable that it leaves early", async () => {
    let taken = 0;
    let isClosed = false;
    const items = function* (): Generator<number, void, undefined> {
      try {
        for (;;) yield taken++;
      } finally {
        isClosed = true;
      }
    };
    const work = async (item: number): Promise<void> => {
      await setImmediate();
      if (item === 4) throw new Error("no");
    };
    await expect(mapConcurrently(items(), work, { concurrency: 2 })).rejects.toThrow("no");
    expect(taken).toBeLessThanOrEqual(6);
    expect(isClosed).toBe(true);
  });

  test("takes a failure of the iterable as its own, after the work under way", async () => {
    let ended = 0;
    const items = function* (): Generator<number, void, undefined> {
      yield 1;
      throw new Error("broken list");
    };
    const work = async (): Promise<void> => {
      await setImmediate();
      ended += 1;
    };
    await expect(mapConcurrently(items(), work, { concurrency: 2 })).rejects.toThrow("broken list");
    expect(ended).toBe(1);
  });
});
