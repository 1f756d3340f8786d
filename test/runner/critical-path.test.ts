import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalPathPriority } from "../../src/runner/schedule/critical-path.ts";
import { graphOf } from "../support/schedule-trial.ts";

const unknown = Number.NaN;

describe("criticalPathPriority", () => {
  it("is the longest time from the beginning of a node to the end of all that depends on it", () => {
    const diamond = graphOf([[], [0], [0], [1, 2], []]);
    expect(criticalPathPriority(diamond, Float64Array.of(1, 20, 3, 4, 7))).toEqual(Float64Array.of(25, 24, 7, 4, 7));
  });

  it("does not ask for an order of the nodes", () => {
    const diamond = graphOf([[1, 2], [3], [3], []]);
    expect(criticalPathPriority(diamond, Float64Array.of(4, 3, 20, 1))).toEqual(Float64Array.of(4, 7, 24, 25));
  });

  it("takes the median of what is known for what is not", () => {
    const graph = graphOf([[], [], [], [0], [1]]);
    expect(criticalPathPriority(graph, Float64Array.of(10, unknown, 30, 2, unknown))).toEqual(
      Float64Array.of(12, 20, 30, 2, 10),
    );
    expect(criticalPathPriority(graphOf([[], [], []]), Float64Array.of(10, 20, unknown))?.[2]).toBe(15);
  });

  it("finds the median of any durations", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 50 }), (durations) => {
        const sorted = durations.toSorted((a, b) => a - b);
        const [upper, lower] = [sorted[sorted.length >> 1] as number, sorted[(sorted.length - 1) >> 1] as number];
        const graph = graphOf([...durations.map(() => []), []]);
        const priority = criticalPathPriority(graph, Float64Array.of(...durations, unknown));
        expect(priority?.[durations.length]).toBe((lower + upper) / 2);
      }),
    );
  });

  it("is not there where nothing is known of what is to be done", () => {
    const graph = graphOf([[], [0]]);
    expect(criticalPathPriority(graph, Float64Array.of(unknown, unknown))).toBeUndefined();
    expect(criticalPathPriority(graph, Float64Array.of(5, unknown), Uint8Array.of(1, 0))).toBeUndefined();
    expect(criticalPathPriority(graph, Float64Array.of(-1, Number.POSITIVE_INFINITY))).toBeUndefined();
  });

  it("does not add up beyond what is done", () => {
    const chain = graphOf([[], [0], [1]]);
    const priority = criticalPathPriority(chain, Float64Array.of(1, 100, 5), Uint8Array.of(0, 1, 0));
    expect([priority?.[0], priority?.[2]]).toEqual([1, 5]);
  });
});
