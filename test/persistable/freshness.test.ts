import { afterEach, expect, test, vi } from "vitest";
import {
  definePersistable,
  describeMiss,
  memoryStore,
  NotPersistedError,
  type PersistableOptions,
  SourceChangedError,
  typedParams,
} from "../../src/entry/index.ts";
import { plan, run } from "../../src/entry/pipeline.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-03-01T12:00:00Z");

/** Sets the clock of this process alone: timers and promises go on as always. */
function setClock(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

afterEach(() => {
  vi.useRealTimers();
});

function createRates(name: string, more: object = {}) {
  let made = 0;
  const rates = definePersistable({
    name,
    params: typedParams<{ currency?: string }>(),
    generate: () => {
      made += 1;
      return { made };
    },
    maxAge: HOUR,
    ...more,
  });
  const dataDir = memoryStore();
  const build = (options: PersistableOptions = {}) => rates({}, { dataDir, ...options });
  return { build, rates, dataDir, count: () => made };
}

test("an artifact that has expired is generated again, also where its payload is held in memory", async () => {
  setClock(START);
  const { build } = createRates("fresh_rates");
  const one = build();
  expect(await one.payload).toEqual({ made: 1 });
  setClock(START + HOUR - 1);
  expect(await one.payload).toEqual({ made: 1 });
  expect((await one.explain()).state).toBe("hit");
  setClock(START + HOUR);
  const reason = { kind: "expired", createdAt: new Date(START).toISOString(), ageMs: HOUR, maxAgeMs: HOUR };
  expect(await one.explain()).toMatchObject({ state: "miss", reason });
  expect(await one.isPersisted()).toBe(false);
  expect((await one.record())?.expired).toBe(true);
  expect(await one.load().catch((error: unknown) => error)).toBeInstanceOf(NotPersistedError);
  expect(await one.load({ maxAge: Number.POSITIVE_INFINITY })).toEqual({ made: 1 });
  expect(await one.payload).toEqual({ made: 2 });
  expect(await build().payload).toEqual({ made: 2 });
  expect((await one.record())?.expired).toBeUndefined();
});

test.each([
  [HOUR, 2 * HOUR, "expired: made 2 hours ago, and maxAge is 1 hour"],
  [500, 90_000, "expired: made 1 minute ago, and maxAge is 500 ms"],
  [Number.NaN, 90_000, "expired: made 1 minute ago, and maxAge is not a number"],
  [0, 90_000, "to be refreshed: made 1 minute ago"],
  [HOUR, -2 * HOUR, "expired: made 2 hours in the future, by the clock of this machine"],
])("with a maxAge of %s ms, an artifact of %s ms is told of in plain words", async (maxAge, ageMs, words) => {
  setClock(START);
  const { build } = createRates("fresh_words", { maxAge });
  await build().payload;
  setClock(START + ageMs);
  const explanation = await build().explain();
  expect(explanation.state === "miss" && describeMiss(explanation.reason)).toBe(words);
  expect(String(await plan(build()))).toContain(words);
});

test("plans and runs know what has expired", async () => {
  setClock(START);
  const { build, count } = createRates("fresh_planned");
  await run(build());
  setClock(START + 2 * HOUR);
  const planned = await plan(build());
  expect(planned.counts.miss).toBe(1);
  expect(planned.nodes[0]?.reason).toMatchObject({ kind: "expired", ageMs: 2 * HOUR });
  await run(build());
  expect(count()).toBe(2);
  expect((await plan(build())).counts.miss).toBe(0);
});

test("an artifact from the future has expired, beyond what clocks differ by", async () => {
  setClock(START + 400 * 24 * HOUR);
  const { build } = createRates("fresh_future");
  await build().payload;
  setClock(START + 400 * 24 * HOUR - 59_000);
  expect((await build().explain()).state).toBe("hit");
  setClock(START);
  expect(await build().explain()).toMatchObject({ state: "miss", reason: { kind: "expired" } });
  expect(await build().payload).toEqual({ made: 2 });
  expect((await build().explain()).state).toBe("hit");
});

test("the age can depend on the payload and the record, and on the call", async () => {
  setClock(START);
  const maxAge = (payload: { made: number }, record: { readonly name: string }): number =>
    record.name === "fresh_depends" ? payload.made * HOUR : 0;
  const { build } = createRates("fresh_depends", { maxAge });
  await build().payload;
  setClock(START + HOUR);
  expect(await build().explain()).toMatchObject({ state: "miss", reason: { maxAgeMs: HOUR } });
  expect(await build().payload).toEqual({ made: 2 });
  setClock(START + 2.5 * HOUR);
  expect((await build().explain()).state).toBe("hit");
  expect(await build().loadOrGenerate({ maxAge: HOUR })).toEqual({ made: 3 });
});

test("refresh generates again, once for all callers of one moment", async () => {
  const { build, count } = createRates("fresh_refresh", { maxAge: undefined });
  await build().payload;
  const results = await Promise.all(Array.from({ length: 5 }, () => build().loadOrGenerate({ refresh: true })));
  expect(results).toEqual(Array.from({ length: 5 }, () => ({ made: 2 })));
  expect(await build().payload).toEqual({ made: 2 });
  expect(count()).toBe(2);
});

test("a stale payload is given at once, while it is generated again", async () => {
  setClock(START);
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let made = 0;
  const slow = definePersistable({
    name: "fresh_slow",
    maxAge: HOUR,
    staleWhileRevalidate: HOUR,
    generate: async () => {
      made += 1;
      const mine = made;
      if (mine > 1) await opened;
      return mine;
    },
  });
  const dataDir = memoryStore();
  await slow({}, { dataDir }).payload;
  setClock(START + 1.5 * HOUR);
  expect(await Promise.all([slow({}, { dataDir }).payload, slow({}, { dataDir }).payload])).toEqual([1, 1]);
  open();
  await vi.waitFor(async () => expect(await slow({}, { dataDir }).payload).toBe(2));
  setClock(START + 4 * HOUR);
  expect(await slow({}, { dataDir }).payload).toBe(3);
});

test("a failure is remembered for the stated time, and a refreshed call or a run tries again", async () => {
  let calls = 0;
  const failing = (maxFailureAge: number | undefined, name: string) =>
    definePersistable({
      name,
      maxFailureAge,
      generate: (): number => {
        calls += 1;
        throw new Error(`failure ${calls}`);
      },
    })({}, { dataDir: memoryStore() });
  const remembered = failing(HOUR, "fresh_failing");
  await expect(remembered.payload).rejects.toThrow("failure 1");
  await expect(remembered.payload).rejects.toThrow("failure 1");
  await expect(remembered.loadOrGenerate({ refresh: true })).rejects.toThrow("failure 2");
  await expect(remembered.payload).rejects.toThrow("failure 2");
  await expect(run(remembered)).rejects.toThrow("failure 3");
  expect(calls).toBe(3);
  const forgotten = failing(undefined, "fresh_forgotten");
  await expect(forgotten.payload).rejects.toThrow("failure 4");
  await expect(forgotten.payload).rejects.toThrow("failure 5");
});

test("an expired artifact stays when generating it again fails", async () => {
  setClock(START);
  let isBroken = false;
  const fragile = definePersistable({
    name: "fresh_fragile",
    maxAge: HOUR,
    generate: () => {
      if (isBroken) throw new Error("no rates today");
      return "rates";
    },
  })({}, { dataDir: memoryStore() });
  await fragile.payload;
  setClock(START + HOUR);
  isBroken = true;
  await expect(fragile.payload).rejects.toThrow("no rates today");
  expect(await fragile.load({ maxAge: Number.POSITIVE_INFINITY })).toBe("rates");
});

test("an artifact of other source code is generated again, refused or loaded, as the policy says", async () => {
  const dataDir = memoryStore();
  const before = definePersistable({ name: "fresh_source", onSourceChange: "ignore", generate: () => "before" });
  await before({}, { dataDir }).payload;
  const after = (onSourceChange: "ignore" | "error" | "regenerate") =>
    definePersistable({ name: "fresh_source", onSourceChange, generate: () => "after" })({}, { dataDir });
  expect(await after("ignore").payload).toBe("before");
  const refused = after("error");
  expect(await refused.payload.catch((error: unknown) => error)).toBeInstanceOf(SourceChangedError);
  expect(await refused.explain()).toMatchObject({ state: "miss", reason: { kind: "source-changed" } });
  expect((await plan(refused)).counts.miss).toBe(1);
  expect(await after("regenerate").payload).toBe("after");
  expect(await after("error").payload).toBe("after");
});

test("the environment decides on source changes where the definition does not", async () => {
  const dataDir = memoryStore();
  await definePersistable({ name: "fresh_env", generate: () => "before" })({}, { dataDir }).payload;
  vi.stubEnv("PERSISTABLE_ON_SOURCE_CHANGE", "error");
  try {
    const changed = definePersistable({ name: "fresh_env", generate: () => "after" })({}, { dataDir });
    await expect(changed.payload).rejects.toThrow(/The source code of fresh_env has changed/);
    const own = definePersistable({ name: "fresh_env", onSourceChange: "ignore", generate: () => "other" })(
      {},
      { dataDir },
    );
    expect(await own.payload).toBe("before");
  } finally {
    vi.unstubAllEnvs();
  }
});

test("the policy of a run or a plan comes before those of the definitions, also in generators", async () => {
  const dataDir = memoryStore();
  const pipeline = (text: string, onSourceChange: "ignore" | "error" | "regenerate") => {
    // The text of the generator is its source: another text is another source.
    const generate = new Function(`return "${text}"`) as () => string;
    const upstream = definePersistable({ name: "run_source_upstream", onSourceChange, generate });
    return definePersistable({
      name: "run_source",
      onSourceChange: "ignore",
      dependencies: { upstream },
      generate: async ({ dependencies }) => `from ${await dependencies.upstream.payload}`,
    })({}, { dataDir });
  };
  await run(pipeline("one", "error"));
  expect((await plan(pipeline("two", "error"), { onSourceChange: "ignore" })).counts.miss).toBe(0);
  const planned = await plan(pipeline("two", "error").dependencies.upstream, { onSourceChange: "regenerate" });
  expect(planned.counts.miss).toBe(1);
  expect(await run(planned)).toMatchObject({ generated: 1 });
  const forced = pipeline("three", "error");
  expect(await run(forced, { force: [forced], onSourceChange: "ignore" })).toMatchObject({ generated: 1 });
  expect(await forced.payload).toBe("from two");
  await expect(run(planned, { onSourceChange: "error" })).rejects.toThrow(/give onSourceChange when you plan/);
  await expect(run(forced, { onSourceChange: "never" as "error" })).rejects.toThrow(/onSourceChange is "never"/);
});

test("a policy that does not exist is refused where the environment names it", async () => {
  const dataDir = memoryStore();
  const changing = (text: string) =>
    definePersistable({ name: "fresh_env_typo", generate: new Function(`return "${text}"`) as () => string });
  await changing("before")({}, { dataDir }).payload;
  vi.stubEnv("PERSISTABLE_ON_SOURCE_CHANGE", "eror");
  try {
    await expect(changing("after")({}, { dataDir }).payload).rejects.toThrow(/onSourceChange is "eror"/);
  } finally {
    vi.unstubAllEnvs();
  }
});
