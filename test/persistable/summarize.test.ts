import { describe, expect, test } from "vitest";
import {
  definePersistable,
  type HookContext,
  InvalidPayloadError,
  memoryStore,
  Persistable,
  UnsupportedValueError,
} from "../../src/entry/index.ts";

const numbers = (summarize: (payload: number[]) => unknown, options: object = {}) =>
  definePersistable({ name: "numbers", generate: () => [1, 2, 3], summarize: summarize as () => object, ...options });

describe("summarize", () => {
  test("puts a small summary into the record", async () => {
    const when = new Date("2026-11-23T08:00:00.000Z");
    const summary = {
      n: 3,
      mean: 2,
      unit: "m",
      isSorted: true,
      worst: null,
      when,
      loss: Number.NaN,
      gain: Number.POSITIVE_INFINITY,
      $price: -0,
      __proto: "x",
      'looks like ",\n  "inline": ': ',\n  "inline": [4]\n}\n',
    };
    const dataDir = memoryStore();
    const summarized = numbers(() => summary)({}, { dataDir });
    expect(await summarized.payload).toEqual([1, 2, 3]);
    expect((await summarized.record())?.summary).toStrictEqual(summary);
    expect(await numbers(() => summary)({}, { dataDir }).load()).toEqual([1, 2, 3]);
  });

  test("may be a promise, is given params, and runs once, after validating", async () => {
    const calls: string[] = [];
    const dataDir = memoryStore();
    const define = () =>
      definePersistable({
        name: "squares",
        generate: () => [1, 4],
        validate: () => void calls.push("validate"),
        summarize: async (payload, { dependencies, params }) => {
          calls.push("summarize");
          expect([dependencies, params]).toEqual([{}, {}]);
          return { n: payload.length };
        },
        afterGenerate: () => void calls.push("afterGenerate"),
      })({}, { dataDir });
    await define().payload;
    expect(calls).toEqual(["validate", "summarize", "afterGenerate"]);
    await define().payload;
    expect(calls).toEqual(["validate", "summarize", "afterGenerate", "validate"]);
    expect((await define().record())?.summary).toEqual({ n: 2 });
  });

  test("that gives undefined records nothing", async () => {
    const plain = numbers(() => undefined)({}, { dataDir: memoryStore() });
    await plain.payload;
    expect(await plain.record()).not.toHaveProperty("summary");
  });

  test("that fails fails the generation, and nothing is written", async () => {
    const failing = numbers(() => {
      throw new InvalidPayloadError("no mean");
    })({}, { dataDir: memoryStore() });
    await expect(failing.payload).rejects.toThrow("no mean");
    expect(await failing.isPersisted()).toBe(false);
  });

  test.each([
    [7, "summary is a number"],
    [null, "summary is null"],
    [[1], "summary is an array"],
    [new Date(), "summary is an instance of a class"],
    [{ quantiles: [1, 2] }, "summary.quantiles is an array"],
    [{ nested: { a: 1 } }, "summary.nested is an object"],
    [{ of: undefined }, "summary.of is undefined"],
    [{ big: 1n }, "summary.big is a bigint"],
    [{ call: () => 1 }, "summary.call is a function"],
    [{ text: "x".repeat(70_000) }, "summary is 70011 bytes of JSON, and a record takes at most 65536"],
  ] as const)("that cannot be recorded is refused: $1", async (summary, message) => {
    const failing = numbers(() => summary)({}, { dataDir: memoryStore() });
    const error = await failing.payload.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedValueError);
    expect((error as Error).message).toContain(message);
    expect(await failing.isPersisted()).toBe(false);
  });

  test("is a hook of a class, and is kept for a later persist()", async () => {
    class Points extends Persistable<number[], { n: number }, Record<never, never>, { n: number; asked: number }> {
      static override readonly payloadName = "points";
      protected override generatePayload(): number[] {
        return [1, 2];
      }
      protected override summarizePayload(
        payload: number[],
        { params }: HookContext<{ n: number }, Record<never, never>>,
      ): { n: number; asked: number } {
        return { n: payload.length, asked: params.n };
      }
    }
    const points = new Points({ dataDir: memoryStore(), params: { n: 5 } });
    await points.generate({ persist: false });
    await points.persist();
    expect((await points.record())?.summary).toEqual({ n: 2, asked: 5 });
  });
});
