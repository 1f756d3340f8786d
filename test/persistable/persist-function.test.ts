import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressOf,
  DefinitionError,
  InvalidPayloadError,
  memoryStore,
  persistFunction,
  secret,
  UnsupportedValueError,
} from "../../src/entry/index.ts";
import { plan, run } from "../../src/entry/pipeline.ts";

/** A persisted function of any arguments that tells how often it ran. */
function counting(options: { readonly untracked?: readonly (string | number)[] } = {}) {
  const calls: unknown[][] = [];
  const fn = persistFunction(
    async (...args: unknown[]) => {
      calls.push(args);
      return calls.length;
    },
    { name: "counting", dataDir: memoryStore(), ...options },
  );
  return { fn, calls };
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const read: Item[] = [];
  for await (const item of items) read.push(item);
  return read;
}

describe("a persisted function", () => {
  it("runs once for equal arguments, and again for others", async () => {
    const { fn, calls } = counting();
    expect(await fn("a", { k: 1 })).toBe(1);
    expect(await fn("a", { k: 1 })).toBe(1);
    expect(await fn("a", { k: 2 })).toBe(2);
    expect(calls).toEqual([
      ["a", { k: 1 }],
      ["a", { k: 2 }],
    ]);
  });

  it("counts what is undefined as left out, at any depth", async () => {
    const { fn } = counting();
    expect(await fn("a", { deep: { lang: undefined, k: 1 } }, undefined)).toBe(1);
    expect(await fn("a", { deep: { k: 1 } })).toBe(1);
    expect(await fn("a", { deep: { lang: null, k: 1 } })).toBe(2);
    expect(await fn(undefined, "a")).toBe(3);
  });

  it("leaves signals, loggers and secrets out of the key, wherever they stand, and hands them on", async () => {
    const { fn, calls } = counting();
    const log: string[] = [];
    const write = (line: string): void => void log.push(line);
    const logger = { debug: write, info: write, warn: write, error: write };
    const signal = new AbortController().signal;
    await fn("a", { signal, logger, deep: { key: secret("sesame") }, n: 1 });
    expect(await fn("a", { deep: {}, n: 1 })).toBe(1);
    const [[, options] = []] = calls;
    expect(options).toMatchObject({ n: 1, logger });
    expect(Reflect.get(Object(options), "signal")).toBeInstanceOf(AbortSignal);
    expect(Reflect.get(Object(options), "deep").key.reveal()).toBe("sesame");
  });

  it("aborts the function when every caller has given up", async () => {
    let reason: unknown;
    const wait = persistFunction(
      (_n: number, options: { signal: AbortSignal }) =>
        new Promise<number>((_, reject) => {
          options.signal.addEventListener("abort", () => {
            reason = options.signal.reason;
            reject(options.signal.reason);
          });
        }),
      { name: "wait", dataDir: memoryStore() },
    );
    const one = new AbortController();
    const two = new AbortController();
    const calls = Promise.allSettled([wait(1, { signal: one.signal }), wait(1, { signal: two.signal })]);
    await sleep(20);
    one.abort(new Error("one"));
    await sleep(20);
    expect(reason).toBeUndefined();
    two.abort(new Error("two"));
    expect((await calls).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(reason).toBeInstanceOf(Error);
  });

  it("leaves out what is untracked, by position, name or path, and hands it on", async () => {
    const seen: unknown[] = [];
    const fn = persistFunction(
      (text: string, options: { model: string; verbose?: boolean; onToken?: () => void }, retries: number) => {
        seen.push([options.verbose, typeof options.onToken, retries]);
        return text.length;
      },
      {
        name: "untracking",
        parameters: ["text", "options"],
        untracked: ["options.verbose", "1.onToken", 2],
        dataDir: memoryStore(),
      },
    );
    await fn("a", { model: "m", verbose: true, onToken: () => {} }, 3);
    await fn("a", { model: "m" }, 5);
    expect(seen).toEqual([[true, "function", 3]]);
    const persistable = fn.persistable("a", { model: "m" }, 5);
    expect((await persistable.record())?.params).toMatchObject({ text: "a", options: { model: "m" } });
  });

  it("hands on copies: what the function or its caller changes reaches nobody else", async () => {
    const fn = persistFunction((list: number[]) => list.sort((a, b) => a - b), {
      name: "sorting",
      dataDir: memoryStore(),
    });
    const list = [3, 1, 2];
    const sorting = fn(list);
    list.push(0);
    expect(await sorting).toEqual([1, 2, 3]);
    expect(list).toEqual([3, 1, 2, 0]);
  });

  it("has what a persistable has: explain, draws, validate, plan, run, remove, another place", async () => {
    let runs = 0;
    const double = persistFunction((n: number) => ({ value: n * 2, run: runs++ }), {
      name: "double",
      version: 2,
      dataDir: memoryStore(),
      validate: ({ value }) => {
        if (value > 100) throw new InvalidPayloadError("too much");
      },
    });
    await expect(double(51)).rejects.toThrow("too much");
    expect((await double(4)).value).toBe(8);
    const miss = await double.persistable(5).explain();
    expect(miss).toMatchObject({ state: "miss", reason: { kind: "params-changed" } });
    expect((await double.with({ draw: 1 })(4)).run).toBe(2);
    expect(String(await plan([double.persistable(4), double.persistable(5)]))).toContain("1 there, 1 to generate");
    expect(await run([4, 5, 6].map((n) => double.persistable(n)))).toMatchObject({ hits: 1, generated: 2 });
    expect(await double.persistable(5).remove()).toBe(true);
    expect(await double.with({ dataDir: memoryStore() }).persistable(4).isPersisted()).toBe(false);
    const record = await double.persistable(4).record();
    expect(double.definition(record?.params ?? {}).address).toBe(double.persistable(4).address);
    expect(double.persistable(4).address).toBe(
      addressOf({ name: "double", version: 2, params: { 0: 4 }, dependencies: {} }),
    );
  });

  it("gives the items of an async generator as they come, and replays them", async () => {
    let runs = 0;
    const tokens = persistFunction(
      async function* (text: string) {
        runs++;
        yield* text.split("");
      },
      { name: "tokens", dataDir: memoryStore() },
    );
    for (let round = 0; round < 2; round++) expect(await all(tokens("abc"))).toEqual(["a", "b", "c"]);
    for await (const first of tokens("xyz")) {
      expect(first).toBe("x");
      break;
    }
    expect(await tokens.persistable("xyz").isPersisted()).toBe(false);
    expect(runs).toBe(2);
  });

  it("takes what counts of its object for a method, and refuses one that reads more than its arguments", async () => {
    class Embedder {
      readonly model: string;
      readonly client = { calls: 0 };
      constructor(model: string) {
        this.model = model;
      }
      async embed(text: string) {
        this.client.calls++;
        return `${this.model}:${text}`;
      }
    }
    const options = { name: "embed", dataDir: memoryStore() };
    const one = new Embedder("one");
    const two = new Embedder("two");
    const embed = persistFunction(Embedder.prototype.embed, { ...options, self: (it: Embedder) => it.model });
    one.embed = embed;
    two.embed = embed;
    expect(await Promise.all([one.embed("a"), two.embed("a")])).toEqual(["one:a", "two:a"]);
    expect(await one.embed("a")).toBe("one:a");
    expect(one.client.calls + two.client.calls).toBe(2);
    await expect(embed("a")).rejects.toThrow("called without an object");
    one.embed = persistFunction(Embedder.prototype.embed, options);
    await expect(one.embed("b")).rejects.toThrow("embed reads this.client, which is not part of its key");
  });

  it("refuses what cannot be compared with its place, and options that mean nothing", async () => {
    const { fn } = counting();
    await expect(fn("a", { onToken: () => {} })).rejects.toThrow(UnsupportedValueError);
    await expect(fn("a", { onToken: () => {} })).rejects.toThrow('params["1"].onToken is a function');
    const identity = (n: number) => n;
    expect(() => persistFunction(identity, { name: "f", untracked: ["options.x"] })).toThrow(DefinitionError);
    expect(() => persistFunction(identity, { name: "f", parameters: ["n", "n"] })).toThrow('"n" among its parameters');
    expect(() => persistFunction("f" as never, { name: "f" })).toThrow(DefinitionError);
  });

  it("keeps the type of the function", () => {
    const first = persistFunction(async <Item>(items: readonly Item[], fallback: Item) => items[0] ?? fallback, {
      name: "first",
    });
    const typed: (items: readonly Date[], fallback: Date) => Promise<Date> = first;
    expect(typed).toBe(first);
    const half = persistFunction((n: number, unit?: string) => `${n / 2}${unit}`, { name: "half" });
    const promised: (n: number, unit?: string) => Promise<string> = half;
    expect(promised).toBe(half);
    // @ts-expect-error The argument is a number.
    expect(() => half.persistable("4")).not.toThrow();
    expect(() => persistFunction((n: number) => n, { name: "n", validate: (n) => void n.toFixed() })).not.toThrow();
  });
});

const runs = Number(process.env.PERSISTABLE_TEST_CALLS ?? 60);

/**
 * Values of many kinds, such that two are the same argument exactly if
 * `toStrictEqual` says so once undefined is left out.
 */
const argument = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(null, undefined, true, false, 0, -0, 1, Number.NaN, "", "0", "1", "null", 1n, "{}", "[]"),
    fc.double(),
    fc.string(),
    fc.date(),
    fc.uint8Array({ maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "0", "__proto__x"), tie("value"), { maxKeys: 3 }),
  ),
})).value;

/** Without properties, and last arguments, that are undefined. */
function normalized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalized);
  if (Object.prototype.toString.call(value) !== "[object Object]") return value;
  const set = Object.entries(Object(value)).filter(([, item]) => item !== undefined);
  return Object.fromEntries(set.map(([key, item]) => [key, normalized(item)]));
}

function normalizedCall(args: readonly unknown[]): readonly unknown[] {
  const values = args.map(normalized);
  return values.slice(0, values.findLastIndex((arg) => arg !== undefined) + 1);
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    expect(a).toStrictEqual(b);
    return true;
  } catch {
    return false;
  }
}

describe("over generated calls", () => {
  const { fn } = counting();

  it("equal calls have the same address", () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 4 }), (args) => {
        const { address } = fn.persistable(...args);
        expect(fn.persistable(...structuredClone(args)).address).toBe(address);
        expect(fn.persistable(...normalizedCall(args), undefined).address).toBe(address);
      }),
      { numRuns: runs },
    );
  });

  it("different calls have different addresses", () => {
    fc.assert(
      fc.property(fc.array(fc.array(argument, { maxLength: 3 }), { minLength: 2, maxLength: 8 }), (calls) => {
        const byAddress = new Map<string, readonly unknown[]>();
        for (const args of calls) {
          const { address } = fn.persistable(...args);
          const call = normalizedCall(args);
          const known = byAddress.get(address);
          if (known !== undefined) expect(call).toStrictEqual(known);
          for (const [other, otherCall] of byAddress)
            if (other !== address) expect(isEqual(call, otherCall)).toBe(false);
          byAddress.set(address, call);
        }
      }),
      { numRuns: runs },
    );
  });
});
